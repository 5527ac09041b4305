// Client records side by side: what two methods reach on the same client.
import type { Stat } from "./records.ts";
import type { ClientMetric, Metric } from "./metrics.ts";
import { pairedDifference } from "./stat.ts";

/** One client under two methods. */
export interface Pair {
  /** The client, by its number. */
  readonly client: number;
  /** Whether it took no part in the federation. */
  readonly optedOut: boolean;
  /** What the first method has. */
  readonly from: ClientMetric;
  /** What the second one has. */
  readonly to: ClientMetric;
}

/** The client records among a run's metrics, by method. The last record of a client counts: a resumed run may repeat. */
export function clientsByMethod(metrics: Iterable<Metric>): Map<string, ClientMetric[]> {
  const methods = new Map<string, Map<number, ClientMetric>>();
  for (const metric of metrics) {
    if (metric.kind !== "client") continue;
    const clients = methods.get(metric.method) ?? new Map<number, ClientMetric>();
    methods.set(metric.method, clients.set(metric.client, metric));
  }
  return new Map(
    Array.from(methods, ([method, clients]) => [method, [...clients.values()].toSorted((a, b) => a.client - b.client)]),
  );
}

/** The clients that both methods were evaluated on, by number. */
export function pairClients(metrics: Iterable<Metric>, from: string, to: string): Pair[] {
  const methods = clientsByMethod(metrics);
  const others = new Map(methods.get(to)?.map((record) => [record.client, record]));
  return (methods.get(from) ?? []).flatMap((record) => {
    const other = others.get(record.client);
    return other ? [{ client: record.client, optedOut: record.optedOut, from: record, to: other }] : [];
  });
}

/** to - from over paired clients; undefined without any. */
export function difference(pairs: readonly Pair[], test: "localTest" | "globalTest"): Stat | undefined {
  if (pairs.length === 0) return undefined;
  return pairedDifference(
    pairs.map(({ to }) => to[test]),
    pairs.map(({ from }) => from[test]),
  );
}
