// What is written as JSON and read as records: lines, configs, addresses, plans of sweeps, whole run folders.
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAddress, writeAddress } from "../../../lab/page/address.ts";
import { readRun } from "../../../src/cli/records.ts";
import { runsAt } from "../../../src/cli/runs.ts";
import {
  type Config,
  complete,
  override,
  parseConfig,
  planRuns,
  preset,
  type SweepPlan,
} from "../../../src/experiment/index.ts";
import { csvTable, jsonLine, parseJsonLines } from "../../../src/io/index.ts";
import { openDocument, renderRunReport, renderSweepReport } from "../../../src/report/index.ts";
import type { RunRecords } from "../../../src/report/records.ts";
import type { ClientMetric } from "../../../src/report/metrics.ts";
import { damaged, damagedJson, editJson, edits, editText } from "../../support/mutations.ts";
import { exampleRun } from "../../report/example.ts";
import { partOf, type Reader } from "../fuzz.ts";
import type { Part } from "../kind.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const length = (text: string): number => text.length;

const jsonl: Reader<Uint8Array> = {
  name: "JSON lines",
  inputs: damaged(
    ['{"a":1}\n{"b":[2,3]}\n', '{"kind":"round","round":1,"clients":[3]}\n12', "\n\r\n[]\n"].map(bytesOf),
  ),
  size: (bytes) => bytes.length,
  read: (bytes) => parseJsonLines(new TextDecoder().decode(bytes)),
  check: (value) => {
    for (const row of (value as { rows: readonly unknown[] }).rows)
      if (row === undefined) throw new Error("read, but a row is undefined");
  },
  runs: 4000,
};

const configs: readonly unknown[] = [
  preset("quick"),
  { preset: "quick", clients: 4, rows: { train: 20, validation: 10, test: 20 }, partition: { kind: "iid" } },
  {
    dataset: "own",
    files: { kind: "csv", folder: ".", train: "x.csv", label: "class", shape: [2] },
    model: "mlp",
    mixture: { gateLr: 0.1, variants: { held: { learnFrom: "validation" } } },
  },
];

/** A config that is taken is one that can be written down and taken again. */
function checkConfig(config: Config): void {
  const again = JSON.stringify(parseConfig(JSON.parse(JSON.stringify(config))));
  if (again !== JSON.stringify(config)) throw new Error("taken, but written down it is another one");
}

const config: Reader<string> = {
  name: "config",
  inputs: damagedJson(configs),
  size: length,
  read: (text) => {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      // who reads the file says that it is no JSON
      return undefined;
    }
    return parseConfig(complete(json));
  },
  check: (value) => {
    if (value !== undefined) checkConfig(value as Config);
  },
  runs: 3000,
};

const paths = ["federation.lr", "partition.p", "mixture.variants.a.lr", "files.folder", "seed", "quirks.keep", "rows"];

const setting: Reader<{ path: string; value: unknown }> = {
  name: "--set",
  inputs: fc
    .tuple(fc.constantFrom(...paths), edits, edits)
    .map(([path, list, tree]) => ({ path: editText(path, list, paths), value: editJson(1, tree) })),
  size: ({ path, value }) => path.length + (JSON.stringify(value) ?? "").length,
  read: ({ path, value }) => parseConfig(override(preset("quick"), path, value)),
  check: (value) => checkConfig(value as Config),
};

const address: Reader<string> = {
  name: "address",
  inputs: edits.map((list) => editText(writeAddress(preset("quick")), list)),
  size: length,
  read: (text) => readAddress(text),
  check: (value) => checkConfig(value as Config),
};

const plan: SweepPlan = {
  base: preset("quick"),
  variations: [{ path: "partition.p", values: [0.2, 1] }],
  seeds: 2,
};

const sweep: Reader<string> = {
  name: "sweep plan",
  inputs: damagedJson([plan]),
  size: length,
  read: async (text) => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-plan-"));
    try {
      writeFileSync(join(folder, "sweep.json"), text);
      return await runsAt(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  runs: 200,
};

const planned: Reader<SweepPlan["variations"]> = {
  name: "--vary",
  inputs: fc.array(
    fc
      .tuple(fc.constantFrom(...paths), fc.nat(3), edits, fc.array(edits, { maxLength: 3 }))
      .map(([path, how, list, values]) => ({
        path: how === 0 ? editText(path, list, paths) : path,
        values: values.map((tree) => editJson(1, tree)),
      })),
    { maxLength: 2 },
  ),
  size: (value) => (JSON.stringify(value) ?? "").length,
  read: (variations) => planRuns({ ...plan, variations }),
  check: (value) => {
    const runs = value as ReturnType<typeof planRuns>;
    for (const { name, config } of runs) {
      checkConfig(config);
      if (/[/\\\0]|^\.\.?$/.test(name)) throw new Error(`planned, but a run would lie at ${JSON.stringify(name)}`);
    }
  },
  runs: 300,
};

/** What a run leaves, file by file. */
function filesOf({ summary, metrics }: Pick<RunRecords, "summary" | "metrics">): Record<string, string> {
  const clients = metrics.filter((metric): metric is ClientMetric => metric.kind === "client");
  const methods = Object.keys(summary.methods);
  const rows = [...new Set(clients.map(({ client }) => client))].map((client) => [
    client,
    false,
    "1 2",
    10,
    10,
    10,
    ...methods.flatMap((method) => {
      const found = clients.find((at) => at.client === client && at.method === method)!;
      return [found.localTest, found.globalTest];
    }),
  ]);
  const header = ["client", "optedOut", "classes", "train", "validation", "test"];
  return {
    "config.json": JSON.stringify(preset("quick"), null, 2),
    "summary.json": JSON.stringify(summary, null, 2),
    // rounds are counted from 0 in a run's folder
    "metrics.jsonl": metrics
      .map((metric) => jsonLine(metric.kind === "round" ? { ...metric, round: metric.round - 1 } : metric))
      .join(""),
    "clients.csv": csvTable([...header, ...methods.flatMap((at) => [`${at}Local`, `${at}Global`])], rows),
    "timing.json": JSON.stringify({ wallSeconds: 3, phases: {}, command: "x", runtime: "y" }),
  };
}

const folderFiles = filesOf(exampleRun({ clients: 4 }));
const MARK = "<img src=x onerror=alert(1)>";

/** A run folder one or two of whose files are damaged or gone. */
const folders: fc.Arbitrary<Record<string, string>> = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(folderFiles)), fc.nat(5), edits), { minLength: 1, maxLength: 2 })
  .map((changes) => {
    const files = { ...folderFiles };
    for (const [name, how, list] of changes) {
      const text = files[name];
      // gone or damaged already, and then no JSON to be taken apart
      if (text === undefined || text !== folderFiles[name]) continue;
      if (how === 0) delete files[name];
      else if (how === 1 || name.endsWith(".csv")) files[name] = editText(text, list);
      else if (name === "metrics.jsonl") {
        const rows = editJson(parseJsonLines(text).rows, list);
        files[name] = (Array.isArray(rows) ? rows : [rows]).map((row) => `${JSON.stringify(row)}\n`).join("");
      } else files[name] = JSON.stringify(editJson(JSON.parse(text), list)) ?? "";
    }
    return files;
  });

const runFolder: Reader<Record<string, string>> = {
  name: "run folder",
  inputs: folders,
  size: (files) => Object.values(files).reduce((sum, text) => sum + text.length, 1000),
  read: async (files) => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-records-"));
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      return await readRun(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  // a report is drawn from what was read: if that was valid, it can be
  check: async (value) => {
    const records = value as RunRecords;
    const document = await openDocument();
    const pages = {
      run: renderRunReport(records, document),
      sweep: renderSweepReport([records, exampleRun({ clients: 4 })], document),
    };
    for (const [name, html] of Object.entries(pages))
      if (html.includes(MARK)) throw new Error(`the ${name}'s report has a record's text as HTML in it`);
  },
  runs: 4,
};

export const recordReaders: readonly Part[] = [
  partOf(jsonl),
  partOf(config),
  partOf(setting),
  partOf(address),
  partOf(sweep),
  partOf(planned),
  partOf(runFolder),
];
