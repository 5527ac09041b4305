// Which experts answer: what each counts on the mean over clients, and how far clients differ in it.
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { swatch } from "./methodsTable.ts";
import type { Metric } from "./metrics.ts";
import { fixed } from "./numbers.ts";
import { table } from "./page.ts";

/** The experts of one method over its clients. */
export interface ExpertLoad {
  readonly method: string;
  /** Shares on the mean over clients, 1 in all. */
  readonly mean: readonly number[];
  /** The largest share that a single expert has at a client, on the mean over clients. */
  readonly most: number;
  /** How much of a client's load lies elsewhere than the mean's, on the mean over clients: 0 where all route alike. */
  readonly apart: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** Loads of all methods that have some. */
export function expertLoads(metrics: readonly Metric[]): ExpertLoad[] {
  const found = new Map<string, (readonly number[])[]>();
  for (const metric of metrics)
    if (metric.kind === "client" && metric.load)
      found.set(metric.method, [...(found.get(metric.method) ?? []), metric.load]);
  return Array.from(found, ([method, loads]) => {
    const mean = loads[0]!.map((_, e) => meanOf(loads.map((load) => load[e]!)));
    const away = (load: readonly number[]): number =>
      load.reduce((sum, one, e) => sum + Math.abs(one - mean[e]!), 0) / 2;
    return { method, mean, most: meanOf(loads.map((load) => Math.max(...load))), apart: meanOf(loads.map(away)) };
  });
}

/** A table of them, or nothing. */
export function loadsTable(metrics: readonly Metric[]): Html | null {
  const loads = expertLoads(metrics);
  if (loads.length === 0) return null;
  return html`<section>
    <h2>Experts</h2>
    ${table(
      "What experts count in the answers on all test rows, over the layers that have them, in percent: each on the mean over clients; the largest of a client; and how much of a client's weight lies elsewhere than the mean's.",
      ["Method", "Experts in their order", "Largest at a client", "Apart"],
      loads.map(({ method, mean, most, apart }) => [
        swatch(method),
        mean.map((one) => fixed(100 * one)).join(", "),
        fixed(100 * most),
        fixed(100 * apart),
      ]),
    )}
  </section>`;
}
