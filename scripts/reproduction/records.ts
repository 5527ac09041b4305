// Sweeps as they are committed: of every run its config, summary, clock and clients, without weights and epochs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Papa from "papaparse";
import { configRecord, type Config } from "../../src/experiment/index.ts";
import type { ClientMetric, RunRecords, Summary } from "../../src/report/records.ts";

type Row = Readonly<Record<string, string>>;

/** The runs of a sweep's folder, by name. Each run's clients stand in its metrics, without their losses. */
export function readSweep(folder: string): RunRecords[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "summary.json")))
    .map(({ name }) => name)
    .toSorted();
  if (names.length === 0) throw new Error(`${folder}: no runs with a summary.json`);
  return names.map((name) => readRun(join(folder, name)));
}

function readRun(folder: string): RunRecords {
  const text = (name: string): string => readFileSync(join(folder, name), "utf8");
  const summary = { ...JSON.parse(text("summary.json")), ...JSON.parse(text("timing.json")) } as Summary;
  const config = configRecord(JSON.parse(text("config.json")) as Config, []);
  const { data } = Papa.parse<Row>(text("clients.csv"), { header: true, skipEmptyLines: true });
  const methods = Object.keys(summary.methods);
  const metrics = data.flatMap((row) => methods.map((method) => clientOf(row, method)));
  return { config, summary, metrics };
}

function clientOf(row: Row, method: string): ClientMetric {
  const of = (test: string): number => Number(row[`${method}${test}`]);
  return {
    kind: "client",
    client: Number(row["client"]),
    method,
    optedOut: row["optedOut"] === "true",
    localTest: of("Local"),
    globalTest: of("Global"),
    localNll: NaN,
    globalNll: NaN,
  };
}
