// What many clients' figures come to: pure functions of numbers, for reports and for whoever reads records.
import type { Stat } from "./records.ts";
import type { Metric, RoundMetric } from "./metrics.ts";
import { stat } from "./stat.ts";

/** How a figure is spread over clients. */
export interface Spread {
  /** Every client alike. */
  readonly plain: Stat;
  /** Every client by its weight, as a table of pooled test rows has it. */
  readonly weighted: number;
  /** Means of the tenth of the clients that has least and most, a client at least. */
  readonly worstTenth: number;
  readonly bestTenth: number;
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The spread of one figure over clients; weights are ones unless given. RangeError for no values. */
export function spread(values: readonly number[], weights?: readonly number[]): Spread {
  if (weights && weights.length !== values.length)
    throw new RangeError(`spread: weights, got ${weights.length}, expected one for each of ${values.length} values`);
  const plain = stat(values);
  const ascending = values.toSorted((a, b) => a - b);
  const n = values.length;
  const tenth = Math.ceil(n / 10);
  const total = weights?.reduce((a, b) => a + b, 0) ?? n;
  return {
    plain,
    weighted: weights ? values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / total : plain.mean,
    worstTenth: stat(ascending.slice(0, tenth)).mean,
    bestTenth: stat(ascending.slice(n - tenth)).mean,
    median: (ascending[Math.floor((n - 1) / 2)]! + ascending[Math.ceil((n - 1) / 2)]!) / 2,
    least: ascending[0]!,
    most: ascending[n - 1]!,
  };
}

/** Places from the best, 1, to the worst; of equal values each has the mean of their places. `NaN` has none. */
export function places(values: readonly number[]): number[] {
  return values.map((value) => {
    if (Number.isNaN(value)) return NaN;
    const better = values.filter((other) => other > value).length;
    const equal = values.filter((other) => other === value).length;
    return better + (equal + 1) / 2;
  });
}

/**
 * The adjusted Rand index of two groupings of the same things (Hubert and Arabie 1985): 1 where they are the same but for
 * names, 0 on the mean of random ones. NaN where both have everything in one group or everything apart, as chance does no less.
 */
export function adjustedRand(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length)
    throw new RangeError(`adjustedRand: groups, got ${a.length} and ${b.length}, expected equally many`);
  const pairsIn = (of: readonly (number | string)[]): number => {
    const sizes = new Map<number | string, number>();
    for (const name of of) sizes.set(name, (sizes.get(name) ?? 0) + 1);
    return [...sizes.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  };
  const all = (a.length * (a.length - 1)) / 2;
  const [inA, inB] = [pairsIn(a), pairsIn(b)];
  const expected = (inA * inB) / all;
  return (pairsIn(a.map((group, i) => `${group} ${b[i]}`)) - expected) / ((inA + inB) / 2 - expected);
}

/** Rounds, and bytes of all clients, until a federation's validation accuracy first was a target. */
export interface Reached {
  readonly rounds: number;
  readonly down: number;
  readonly up: number;
}

/** When a federation's validation accuracy (percent) first was at least `target`; undefined where it never was. */
export function reached(rounds: readonly RoundMetric[], target: number): Reached | undefined {
  const found = rounds.find(({ validationAccuracy = -Infinity }) => validationAccuracy >= target);
  return found && { rounds: found.round + 1, down: found.down ?? NaN, up: found.up ?? NaN };
}

/** A federation's rounds among a run's metrics. */
export function roundsOf(metrics: readonly Metric[], federation: string | undefined): RoundMetric[] {
  return metrics.filter((one): one is RoundMetric => one.kind === "round" && one.method === federation);
}

/** The clusters that clients are in by a config: of its shift, or of its partition; undefined where it has none. */
export function clustersOf(config: Readonly<Record<string, unknown>>): ((client: number) => number) | undefined {
  const { shift, partition } = config as Record<
    string,
    { kind?: string; clusters?: number; drift?: unknown } | undefined
  >;
  const seen = shift && ["rotation", "labels"].includes(shift.kind ?? "") && !shift.drift ? shift.clusters : undefined;
  const count = seen ?? (partition?.kind === "clusters" ? partition.clusters : undefined);
  return count === undefined ? undefined : (client) => client % count;
}
