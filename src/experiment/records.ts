// From results to the plain records of a run folder.
import type { ClientRow, ConfigRecord, MethodResult, Summary } from "../report/records.ts";
import type { ClientMetric, ClockMetric, CurveMetric, EpochMetric, GateMetric } from "../report/metrics.ts";
import { recordVersion } from "../report/records.ts";
import { stat } from "../report/stat.ts";
import type { Scores } from "../moe/evaluate.ts";
import type { Trust } from "../moe/trust.ts";
import { isGenerated } from "../data/index.ts";
import { csvTable } from "../io/csv.ts";
import type { Config } from "./config.ts";
import type { Measured } from "./measured.ts";
import type { ClientSetup, Setup } from "./setup.ts";

/** The fraction p of a config, null where its partition has none. */
export function fractionP({ partition }: Pick<Config, "partition">): number | null {
  return partition.kind === "majority" ? partition.p : null;
}

/** A config as the report reads it. */
export function configRecord(config: Config, classNames: readonly string[]): ConfigRecord {
  // a given partition is thousands of row numbers, and config.json has them
  const { partition } = config;
  const brief = partition.kind === "given" ? { kind: partition.kind, clients: partition.clients.length } : partition;
  return { ...config, partition: brief, p: fractionP(config), classNames };
}

/** The metric lines of one personalised client. */
export function clientMetrics(
  done: Measured,
  { optedOut, rows }: ClientSetup,
  { task }: Pick<Config, "task"> = {},
): (EpochMetric | ClientMetric | ClockMetric | GateMetric | CurveMetric)[] {
  const { client, validations, scores, epochs, trust, readings = [], clusters = {}, loads = {}, curves = [] } = done;
  return [
    ...validations.map((at): EpochMetric => ({ kind: "epoch", client, ...at })),
    ...Object.entries(scores).map(([method, found]): ClientMetric => ({
      kind: "client",
      client,
      method,
      optedOut,
      ...(task ? onlyFigures(found, task) : found),
      testRows: rows.test.length,
      ...(clusters[method] !== undefined && { cluster: clusters[method] }),
      ...(loads[method] && { load: loads[method] }),
      ...epochs[method],
    })),
    ...readings.map((reading): ClockMetric => ({ kind: "clock", client, ...reading })),
    ...(trust ? [{ kind: "gate" as const, client, ...trust, ...(rows.classes && { classes: rows.classes }) }] : []),
    ...curves.map((curve): CurveMetric => ({ kind: "curve", client, ...curve })),
  ];
}

const figures = [
  "localTest",
  "globalTest",
  "localNll",
  "globalNll",
  "localEce",
  "globalEce",
  "localF1",
  "globalF1",
  "localAuc",
  "globalAuc",
  "localRmse",
  "globalRmse",
  "localMae",
  "globalMae",
  "localParity",
  "globalParity",
  "localOpportunity",
  "globalOpportunity",
] as const;
type Figure = (typeof figures)[number];

/** Figures that a task has, by how they end. */
const ends: Readonly<Record<NonNullable<Config["task"]> | "classes", RegExp>> = {
  classes: /(?:Test|Nll|Ece|F1|Auc|Parity|Opportunity)$/,
  regression: /(?:Test|Nll|Rmse|Mae)$/,
  "multi-label": /(?:Test|Nll|F1|Auc)$/,
};

function figuresOf({ task }: Pick<Config, "task">, found: Scores): readonly Figure[] {
  return figures.filter((figure) => ends[task ?? "classes"].test(figure) && figure in found);
}

function onlyFigures(found: Scores, task: NonNullable<Config["task"]>): Scores {
  return Object.fromEntries(Object.entries(found).filter(([figure]) => ends[task].test(figure))) as unknown as Scores;
}

/** Means over clients by method. */
export function methodResults(done: readonly Measured[], config: Pick<Config, "task"> = {}): Summary["methods"] {
  const methods = Object.keys(done[0]?.scores ?? {});
  const result = (method: string): MethodResult =>
    Object.fromEntries(
      figuresOf(config, done[0]!.scores[method]!).map((figure) => [
        figure,
        statOf(
          done.map(({ scores }) => scores[method]![figure]!),
          figure,
        ),
      ]),
    ) as unknown as MethodResult;
  return Object.fromEntries(methods.map((method) => [method, { ...result(method), ...lawResult(done, method) }]));
}

// order in a stream is not a matter of labels, and old records do not tell
function lawResult(done: readonly Measured[], method: string): Pick<MethodResult, "lawTest"> {
  const found = done.flatMap(({ scores }) => scores[method]!.lawTest ?? []);
  return found.length === done.length ? { lawTest: stat(found) } : {};
}

// a test of one class has no area, one of equal targets no variance, and one of a single group no gap
function statOf(values: readonly number[], figure: Figure): MethodResult["localTest"] {
  const some = /(?:Auc|Test|Parity|Opportunity)$/.test(figure)
    ? values.filter((value) => !Number.isNaN(value))
    : values;
  return stat(some.length > 0 ? some : values);
}

function gateResult(gates: readonly Trust[]): NonNullable<Summary["gates"]>[string] {
  return {
    own: stat(gates.map(({ ownMean }) => ownMean)),
    other: stat(gates.map(({ otherMean }) => otherMean)),
    spread: stat(gates.map(({ spread }) => spread)),
  };
}

export interface Outcome {
  readonly setup: Setup;
  readonly done: readonly Measured[];
  readonly rounds: number;
  readonly bestRound: number;
  readonly federations?: NonNullable<Summary["federations"]>;
  readonly wallSeconds: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly weightsSha256: string;
  readonly kernels: NonNullable<Summary["kernels"]>;
  readonly command: string;
  readonly runtime: string;
}

/** summary.json. */
export function summarize({ setup, done, ...rest }: Outcome): Summary {
  const { preset, fidelity, dataset, seed, optOut, ownRowsKeptBack, clients } = setup.config;
  return {
    version: recordVersion,
    preset,
    fidelity,
    dataset,
    seed,
    p: fractionP(setup.config),
    optOut,
    ownRowsKeptBack,
    clients,
    ...rest,
    evaluatedClients: done.length,
    methods: methodResults(done, setup.config),
    ...(setup.config.task && { task: setup.config.task }),
    ...((setup.config.files || isGenerated(dataset)) && { classNames: setup.dataset.classes }),
    gates: Object.fromEntries(
      Object.keys(done[0]?.gates ?? {}).map((name) => [name, gateResult(done.map(({ gates }) => gates[name]!))]),
    ),
  };
}

/** curves.csv: a row per evaluated client and method with a dial; both accuracies at every setting of it. */
export function curvesCsv(done: readonly Measured[]): string | undefined {
  const rows = done.flatMap(({ client, curves = [] }) => curves.map((curve) => ({ client, ...curve })));
  const [first] = rows;
  if (!first) return undefined;
  const header = first.at.flatMap((value) => [`local at ${value}`, `global at ${value}`]);
  return csvTable(
    ["client", "method", "dial", ...header],
    rows.map(({ client, method, dial, localTest, globalTest }) => [
      client,
      method,
      dial,
      ...localTest.flatMap((local, i) => [local, globalTest[i]!]),
    ]),
  );
}

/** clients.csv: a row per evaluated client. */
export function clientsCsv({ clients, dataset }: Setup, done: readonly Measured[]): string {
  const methods = Object.keys(done[0]?.scores ?? {});
  const header = ["client", "optedOut", "classes", "train", "validation", "test"];
  const rows = done.map(({ client, scores }) => {
    const { rows: own, optedOut } = clients[client]!;
    const row: Omit<ClientRow, "methods"> = {
      client,
      optedOut,
      classes: own.classes ?? present(own.train, dataset.train.labels),
      train: own.train.length,
      validation: own.validation.length,
      test: own.test.length,
    };
    return [
      ...Object.values({ ...row, classes: row.classes.join(" ") }),
      ...methods.flatMap((method) => [scores[method]!.localTest, scores[method]!.globalTest]),
    ];
  });
  return csvTable([...header, ...methods.flatMap((method) => [`${method}Local`, `${method}Global`])], rows);
}

function present(rows: Int32Array, labels: ArrayLike<number>): number[] {
  return [...new Set(Array.from(rows, (row) => labels[row]!))].sort((a, b) => a - b);
}
