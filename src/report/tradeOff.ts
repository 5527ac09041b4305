// Trade-offs between a client's own test and everybody's: methods with a dial as curves, and what is reached where a share of
// the inputs is the client's own.
import type { Stat } from "./records.ts";
import type { CurveMetric, Metric } from "./metrics.ts";
import { methodStyle } from "./methods.ts";
import { clientsByMethod } from "./pairs.ts";
import { pairedDifference, stat } from "./stat.ts";

type Run = readonly Metric[];

/** Both accuracies of a client, in percent. */
export interface Both {
  readonly localTest: number;
  readonly globalTest: number;
}

/** A method's curves on the clients of runs, run by run and there by client; none where it has no dial. */
export function curvesOf(runs: readonly Run[], method: string): CurveMetric[] {
  return runs.flatMap((metrics) => {
    // the last record of a client counts: a resumed run may repeat
    const found = new Map<number, CurveMetric>();
    for (const metric of metrics)
      if (metric.kind === "curve" && metric.method === method) found.set(metric.client, metric);
    return [...found.values()].toSorted((a, b) => a.client - b.client);
  });
}

/** Methods with a dial, in the order of the records. */
export function dialled(metrics: Run): string[] {
  return [...new Set(metrics.flatMap((metric) => (metric.kind === "curve" ? [metric.method] : [])))];
}

/** A method on the clients of runs, in the same order. */
export function pointsOf(runs: readonly Run[], method: string): Both[] {
  return runs.flatMap((metrics) => clientsByMethod(metrics).get(method) ?? []);
}

/** The points of curves at one of their stops. */
export function stop(curves: readonly CurveMetric[], at: number): Both[] {
  return curves.map(({ localTest, globalTest }) => ({ localTest: localTest[at]!, globalTest: globalTest[at]! }));
}

/** What is right where a share of the inputs is the client's own. */
export function under(share: number, points: readonly Both[]): number[] {
  return points.map(({ localTest, globalTest }) => share * localTest + (1 - share) * globalTest);
}

/** The stop of curves that is nearest to a value. */
export function stopAt([first]: readonly CurveMetric[], value: number): number {
  const away = first!.at.map((at) => Math.abs(at - value));
  return away.indexOf(Math.min(...away));
}

/** The stop of curves that is best on the mean for a share of own inputs: chosen where it is told, in its own favour. */
export function bestStop(curves: readonly CurveMetric[], share: number): number {
  const means = curves[0]!.at.map((_, i) => stat(under(share, stop(curves, i))).mean);
  return means.indexOf(Math.max(...means));
}

/** Differences of two methods on the same clients, by test. */
export function away(from: readonly Both[], to: readonly Both[]): { readonly local: Stat; readonly global: Stat } {
  const of = (test: keyof Both): Stat =>
    pairedDifference(
      to.map((point) => point[test]),
      from.map((point) => point[test]),
    );
  return { local: of("localTest"), global: of("globalTest") };
}

/** The posterior gate where a share of the inputs is the client's own. */
export interface ShareRow {
  /** The share of inputs that are the client's own. */
  readonly share: number;
  /** Of the gate that reckons with this share. */
  readonly mean: Stat;
  /** How much more that is than what others reach. */
  readonly against: readonly { readonly label: string; readonly more: Stat }[];
}

/**
 * The posterior gate against the constant weights of the same experts, fine-tuning and the ensemble, at five shares of own
 * inputs; none where it has no curve.
 */
export function sharesRows(runs: readonly Run[]): ShareRow[] {
  const [gate, constant] = [curvesOf(runs, "posterior"), curvesOf(runs, "constantBlend")];
  if (gate.length === 0 || constant.length !== gate.length) return [];
  return [0, 0.2, 0.5, 0.8, 1].map((share) => {
    const ours = under(share, stop(gate, stopAt(gate, share)));
    const others: readonly [string, readonly Both[]][] = [
      ["best constant, same experts", stop(constant, bestStop(constant, share))],
      ...["finetuned", "ensemble"].map((name): [string, Both[]] => [methodStyle(name).label, pointsOf(runs, name)]),
    ];
    return {
      share,
      mean: stat(ours),
      against: others
        .filter(([, points]) => points.length === ours.length)
        .map(([label, points]) => ({ label, more: pairedDifference(ours, under(share, points)) })),
    };
  });
}
