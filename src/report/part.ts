// A method in a run, and which of several choices of its options counts: the one whose validation loss is lowest.
import { roundsOf } from "./measures.ts";
import { clientsByMethod } from "./pairs.ts";
import type { RunRecords } from "./records.ts";
import type { ClientMetric } from "./metrics.ts";

/** One method with one choice of options in one run. */
export interface Part {
  readonly run: RunRecords;
  readonly method: string;
  /** Its options and training, as the config has them: what candidates differ in. */
  readonly chosen: string;
}

/** What was measured of its clients. */
export function clientsOf({ run, method }: Pick<Part, "run" | "method">): ClientMetric[] {
  return clientsByMethod(run.metrics).get(method) ?? [];
}

/** What a row of records belongs to: "ditto-shared" and "ditto+mixture" are of ditto's federation. */
export function federationOf({ run, method }: Pick<Part, "run" | "method">): string | undefined {
  const names = Object.keys(run.summary.federations ?? {});
  return names
    .filter((name) => method === name || method.startsWith(`${name}-`) || method.startsWith(`${name}+`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** Options and training of a method in a run where they are not the defaults, as text; empty for what has no federation. */
export function chosenOf(run: RunRecords, method: string): string {
  const federation = federationOf({ run, method });
  if (federation === undefined) return "";
  const { methods = {}, training = {} } = run.config as { methods?: object; training?: object };
  const own = Object.entries({ ...methods }).filter(([name]) => name === federation || name === method);
  const told = [...own.map(([, options]) => options as object), (training as Record<string, object>)[federation] ?? {}];
  return told
    .flatMap((of) => Object.entries(of))
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" ");
}

/** The parts of one choice of options, a seed each, and of how many choices they were chosen. */
export interface Chosen {
  readonly parts: readonly Part[];
  readonly candidates: number;
}

/** By the mean over seeds of the lowest validation loss: of a client's own training where there is one, else of the federation. */
export function choose(parts: readonly Part[]): Chosen {
  const candidates = [...new Set(parts.map(({ chosen }) => chosen))].map((chosen) => {
    const own = parts.filter((part) => part.chosen === chosen);
    // the same run in two places, or a floor that all runs of a seed have
    const seeds = new Map<number, Part>();
    for (const part of own.toSorted((a, b) => Number(hasFedavg(b)) - Number(hasFedavg(a))))
      if (!seeds.has(part.run.summary.seed)) seeds.set(part.run.summary.seed, part);
    return [...seeds.values()].toSorted((a, b) => a.run.summary.seed - b.run.summary.seed);
  });
  const losses = candidates.map((own) => meanOf(own.map(validationLoss)));
  const known = losses.map((loss) => (Number.isNaN(loss) ? Infinity : loss));
  return { parts: candidates[known.indexOf(Math.min(...known))]!, candidates: candidates.length };
}

const hasFedavg = ({ run }: Part): boolean => "fedavg" in run.summary.methods;

function validationLoss(part: Part): number {
  const own = clientsOf(part).map(({ bestLoss = NaN }) => bestLoss);
  if (own.length > 0 && own.every(Number.isFinite)) return meanOf(own);
  const rounds = roundsOf(part.run.metrics, federationOf(part));
  const losses = rounds.flatMap(({ validationLoss: loss }) => (loss === undefined ? [] : [loss]));
  return losses.length > 0 ? Math.min(...losses) : NaN;
}

/** The mean of those that are numbers; NaN where none is. */
export function meanOf(values: readonly number[]): number {
  const some = values.filter((value) => !Number.isNaN(value));
  return some.length > 0 ? some.reduce((a, b) => a + b, 0) / some.length : NaN;
}
