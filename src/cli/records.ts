// The records of a run folder, as reports take them.
import { readCsv } from "../data/csv.ts";
import { catalogue } from "../data/index.ts";
import { configRecord, ConfigError, parseConfig } from "../experiment/index.ts";
import { parseJsonLines } from "../io/index.ts";
import type { ClientMetric, Metric, RunRecords, Summary } from "../report/records.ts";
import { isKnown } from "./dataset.ts";
import { Folder } from "./folder.ts";

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function bytesOf(folder: Folder, name: string): Promise<Uint8Array> {
  const bytes = await folder.read(name);
  if (!bytes) throw new ConfigError(`report: ${folder.path} has no ${name}; give the folder of a finished run`);
  return bytes;
}

async function json(folder: Folder, name: string): Promise<unknown> {
  return JSON.parse(decode(await bytesOf(folder, name)));
}

/**
 * The records of a finished run folder. Of one that was cut down to its summary and clients.csv, without rounds and epochs,
 * the clients' accuracies are read from there.
 */
export async function readRun(path: string): Promise<RunRecords> {
  const folder = new Folder(path);
  // a sweep keeps the clock out of its summaries
  const timing = await folder.read("timing.json");
  const summary = {
    ...((await json(folder, "summary.json")) as Summary),
    ...(timing && (JSON.parse(decode(timing)) as Partial<Summary>)),
  };
  const config = parseConfig(await json(folder, "config.json"));
  const classes = summary.classNames ?? (isKnown(config.dataset) ? catalogue[config.dataset].classes : []);
  const lines = await folder.read("metrics.jsonl");
  const metrics = lines ? (parseJsonLines(decode(lines)).rows as Metric[]) : await clientsOf(folder, summary);
  return { config: configRecord(config, classes), summary, metrics };
}

async function clientsOf(folder: Folder, { methods }: Summary): Promise<ClientMetric[]> {
  const name = "clients.csv";
  const [header = [], ...rows] = await readCsv({ name, bytes: await bytesOf(folder, name) });
  return rows.flatMap((cells) => {
    const row = Object.fromEntries(header.map((column, i) => [column, cells[i]]));
    return Object.keys(methods).map((method): ClientMetric => ({
      kind: "client",
      client: Number(row["client"]),
      method,
      optedOut: row["optedOut"] === "true",
      localTest: Number(row[`${method}Local`]),
      globalTest: Number(row[`${method}Global`]),
      localNll: NaN,
      globalNll: NaN,
    }));
  });
}
