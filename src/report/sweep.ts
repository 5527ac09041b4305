// Many runs as a table of settings: which parameters were varied, and what each setting gives over its seeds.
import type { RunRecords, Stat } from "./records.ts";
import type { ClientMetric } from "./metrics.ts";
import { stat } from "./stat.ts";
import { type Focus, focusOf } from "./methods.ts";
import { clientsByMethod, difference, pairClients } from "./pairs.ts";

/** What a varied parameter may hold. */
export type ParameterValue = string | number | boolean | null;

/** One setting with a run for each seed. */
export interface Setting {
  /** The varied parameters' values, in the order of `Sweep.parameters`. */
  readonly values: ReadonlyMap<string, ParameterValue>;
  /** Its runs, a seed each. */
  readonly runs: readonly RunRecords[];
}

/** Runs sorted into settings. */
export interface Sweep {
  /** What varies. */
  readonly parameters: readonly string[];
  /** Every combination of it. */
  readonly settings: readonly Setting[];
}

/** Which of the two tests. */
export type Test = "localTest" | "globalTest";

const ofSummary = ["preset", "fidelity", "dataset", "p", "optOut", "ownRowsKeptBack"] as const;

/** Every run once: one that is there again, under another name or in a copy of its folder, is no second seed. */
export function distinct(runs: readonly RunRecords[]): RunRecords[] {
  const told = new Set<string>();
  return runs.filter(({ config, summary }) => {
    const identity = JSON.stringify([config, summary.weightsSha256]);
    return !told.has(identity) && told.add(identity);
  });
}

/** Finds the parameters in which runs differ, seeds apart, and groups the runs by them; settings sort by value. */
export function sweepOf(runs: readonly RunRecords[]): Sweep {
  return grouped(distinct(runs));
}

/** The same of runs that are known to be distinct. */
export function grouped(runs: readonly RunRecords[]): Sweep {
  const flat = runs.map(parametersOf);
  const names = [...new Set(flat.flatMap((parameters) => [...parameters.keys()]))];
  const parameters = names.filter((name) => new Set(flat.map((values) => values.get(name) ?? null)).size > 1);
  const groups = new Map<string, { values: Map<string, ParameterValue>; runs: RunRecords[] }>();
  for (const [i, run] of runs.entries()) {
    const values = new Map(parameters.map((name) => [name, flat[i]?.get(name) ?? null]));
    const key = JSON.stringify([...values.values()]);
    const group = groups.get(key) ?? { values, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  const settings = [...groups.values()].toSorted((a, b) => {
    for (const name of parameters) {
      const order = compare(a.values.get(name) ?? null, b.values.get(name) ?? null);
      if (order !== 0) return order;
    }
    return 0;
  });
  return { parameters, settings };
}

/** The settings that differ only in `parameter`, one list for every combination of the others. */
export function slices({ parameters, settings }: Sweep, parameter: string): Setting[][] {
  const others = parameters.filter((name) => name !== parameter);
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    const key = JSON.stringify(others.map((name) => setting.values.get(name)));
    groups.set(key, [...(groups.get(key) ?? []), setting]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/**
 * A method's accuracy in a setting. With two seeds or more the interval is over the seeds' means; a single seed has
 * only the interval over its clients. Undefined where the method did not run.
 */
export function settingStat({ runs }: Setting, method: string, test: Test): Stat | undefined {
  const stats = runs.flatMap(({ summary }) => summary.methods[method]?.[test] ?? []);
  return overSeeds(stats);
}

/** What one method has more than another, paired by client over all seeds; undefined where one of them did not run. */
export function advantage({ runs }: Setting, method: string, over: string, test: Test): Stat | undefined {
  return difference(
    runs.flatMap(({ metrics }) => pairClients(metrics, over, method)),
    test,
  );
}

/** What a sweep is about, of all the methods that its runs have. */
export function focusOfRuns(runs: readonly RunRecords[]): Focus {
  return focusOf([...new Set(runs.flatMap(({ summary }) => Object.keys(summary.methods)))]);
}

/** The same as settingStat over a part of the clients, from their own records. */
export function partStat(
  { runs }: Setting,
  method: string,
  test: Test,
  isPart: (client: ClientMetric) => boolean,
): Stat | undefined {
  const stats = runs.flatMap(({ metrics }) => {
    const values = (clientsByMethod(metrics).get(method) ?? []).filter(isPart).map((client) => client[test]);
    return values.length ? [stat(values)] : [];
  });
  return overSeeds(stats);
}

/** `p = 0.6, opt-out = 0.5`. */
export function settingName({ values }: Setting, without?: string): string {
  const shown = [...values].filter(([name]) => name !== without);
  return shown.map(([name, value]) => `${parameterLabel(name)} = ${value}`).join(", ") || "all runs";
}

/** A parameter's name for people. */
export function parameterLabel(name: string): string {
  if (name === "optOut") return "opt-out";
  return name === "ownRowsKeptBack" ? "own rows kept back" : name;
}

/** With two seeds or more the interval over their means, with one its own over clients. */
export function overSeeds(stats: readonly Stat[]): Stat | undefined {
  return stats.length < 2 ? stats[0] : stat(stats.map(({ mean }) => mean));
}

// the seed is what settings are averaged over, p is in the summary
const told: ReadonlySet<string> = new Set(["seed", "partition.p"]);

// the summary's own parameters first, then every scalar of the config under its dotted name
function parametersOf({ summary, config }: RunRecords): Map<string, ParameterValue> {
  const parameters = new Map<string, ParameterValue>(ofSummary.map((name) => [name, summary[name]]));
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path ? `${path}.${key}` : key);
    } else if (isParameterValue(value) && !parameters.has(path) && !told.has(path)) {
      parameters.set(path, value);
    }
  };
  visit(config, "");
  return parameters;
}

function isParameterValue(value: unknown): value is ParameterValue {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function compare(a: ParameterValue, b: ParameterValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : Number(String(a) > String(b));
}
