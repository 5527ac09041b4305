// The records of a run folder, as reports take them.
import { readCsv } from "../data/csv.ts";
import { catalogue } from "../data/index.ts";
import { configRecord, ConfigError, parseConfig } from "../experiment/index.ts";
import { parseMetric, parseSummary } from "../experiment/recordSchema.ts";
import { readJson } from "../experiment/checked.ts";
import { parseJsonLines } from "../io/index.ts";
import type { RunRecords, Summary } from "../report/records.ts";
import type { ClientMetric, Metric } from "../report/metrics.ts";
import { isKnown } from "./dataset.ts";
import { Folder } from "./folder.ts";

async function bytesOf(folder: Folder, name: string): Promise<Uint8Array> {
  const bytes = await folder.read(name);
  if (!bytes) throw new ConfigError(`report: ${folder.path} has no ${name}; give the folder of a finished run`);
  return bytes;
}

/**
 * The records of a finished run folder. Of one that was cut down to its summary and clients.csv, without rounds and epochs,
 * the clients' accuracies are read from there. What is damaged, of another version or of other types is refused by name.
 */
export async function readRun(path: string): Promise<RunRecords> {
  const folder = new Folder(path);
  const json = async (name: string): Promise<unknown> =>
    readJson(await bytesOf(folder, name), `report: ${path}/${name}`);
  const told = await json("summary.json");
  // a sweep keeps the clock out of its summaries
  const timing = (await folder.read("timing.json")) && (await json("timing.json"));
  const name = `report: ${path}/summary.json${timing ? " and timing.json" : ""}`;
  const isRecord = (value: unknown): boolean => typeof value === "object" && !Array.isArray(value);
  const summary = parseSummary(timing && isRecord(told) && isRecord(timing) ? { ...told!, ...timing } : told, name);
  const config = parseConfig(await json("config.json"));
  const classes = summary.classNames ?? (isKnown(config.dataset) ? catalogue[config.dataset].classes : []);
  const lines = await folder.read("metrics.jsonl");
  const metrics = lines
    ? metricsOf(lines, summary, `report: ${path}/metrics.jsonl`)
    : [...(await clientsOf(folder, summary)), ...(await curvesOf(folder))];
  return { config: configRecord(config, classes), summary, metrics };
}

const REMEDY = "restore it, or remove it and the report is made of summary.json and clients.csv";

function metricsOf(bytes: Uint8Array, summary: Summary, name: string): Metric[] {
  let lines: ReturnType<typeof parseJsonLines>;
  try {
    lines = parseJsonLines(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RangeError(`${name}: ${(cause as Error).message}; is it damaged?`, { cause });
  }
  if (lines.torn) throw new ConfigError(`${name}: the last line, got a part of one; ${REMEDY}`);
  const metrics = lines.rows.map((row, i) => parseMetric(row, `${name}: row ${i + 1}`));
  checkWhole(metrics, summary, name);
  return metrics;
}

// a curve or a client that a file has lost would be missing in figures that look right
function checkWhole(metrics: readonly Metric[], summary: Summary, name: string): void {
  const { federations, rounds, methods, evaluatedClients } = summary;
  const counted = federations
    ? Object.entries(federations).map(([method, of]) => [method, of.rounds] as const)
    : [[undefined, rounds] as const];
  for (const [federation, expected] of counted) {
    // the generalist's rounds have no name, also where what they took is told
    const own = metrics.filter((metric) => metric.kind === "round" && (metric.method ?? federation) === federation);
    if (own.length !== expected || own.some((metric, i) => metric.kind === "round" && metric.round !== i))
      throw new ConfigError(
        `${name}: rounds${federation ? ` of ${federation}` : ""}, got ${own.length} and not the ${expected} in order ` +
          `that summary.json counts; ${REMEDY}`,
      );
  }
  for (const method of Object.keys(methods)) {
    const clients = metrics.flatMap((metric) =>
      metric.kind === "client" && metric.method === method ? [metric.client] : [],
    );
    if (clients.length !== evaluatedClients || new Set(clients).size !== evaluatedClients)
      throw new ConfigError(
        `${name}: clients of ${method}, got ${clients.length}, expected the ${evaluatedClients} that summary.json counts; ${REMEDY}`,
      );
  }
}

// of a run that was cut down; there is none of a run in which nothing could be turned
async function curvesOf(folder: Folder): Promise<Metric[]> {
  const name = "curves.csv";
  const bytes = await folder.read(name);
  if (!bytes) return [];
  const [header = [], ...rows] = (await readCsv({ name, bytes })).rows;
  const places = (test: "local" | "global"): { column: number; at: number }[] =>
    header.flatMap((title, column) => {
      const [, at] = new RegExp(`^${test} at ([\\d.]+)$`).exec(title) ?? [];
      return at === undefined ? [] : [{ column, at: Number(at) }];
    });
  const [local, global] = [places("local"), places("global")];
  return rows.map((cells, i) => {
    const values = (of: typeof local): (number | null)[] =>
      of.map(({ column }) => (cells[column] ? Number(cells[column]) : null));
    const [client, method, dial] = cells;
    const record = { kind: "curve", client: Number(client), method, dial, at: local.map(({ at }) => at) };
    const tests = { localTest: values(local), globalTest: values(global) };
    return parseMetric({ ...record, ...tests }, `report: ${folder.path}/${name}: row ${i + 1}`);
  });
}

async function clientsOf(folder: Folder, { methods }: Summary): Promise<ClientMetric[]> {
  const name = "clients.csv";
  const [header = [], ...rows] = (await readCsv({ name, bytes: await bytesOf(folder, name) })).rows;
  return rows.flatMap((cells, i) => {
    const cell = (column: string): string => {
      const found = cells[header.indexOf(column)];
      if (found !== undefined && found !== "") return found;
      throw new ConfigError(
        `report: ${folder.path}/${name}: row ${i + 1}, got no ${column}; is it of a run of moiety?`,
      );
    };
    const numberOf = (column: string): number => {
      const text = cell(column);
      const value = Number(text);
      if (Number.isFinite(value)) return value;
      throw new ConfigError(`report: ${folder.path}/${name}: row ${i + 1}, ${column}, got ${text}, expected a number`);
    };
    return Object.keys(methods).map((method): ClientMetric => ({
      kind: "client",
      client: numberOf("client"),
      method,
      optedOut: cell("optedOut") === "true",
      localTest: numberOf(`${method}Local`),
      globalTest: numberOf(`${method}Global`),
      localNll: NaN,
      globalNll: NaN,
    }));
  });
}
