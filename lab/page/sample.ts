// A finished sample for the plane before the first run, so that nobody starts towards an empty picture.
import type { ClientMetric } from "../../src/report/metrics.ts";
import { defaultConfig, sameConfig } from "./address.ts";
import { type Notebook, own } from "./notebook.ts";
import { sampled } from "./sampled.ts";

/** Where clients ended in a run of the page's first set-up, as records; nothing as soon as anything else is set up or was run. */
export function sampleFor({ stage, config, kept, generalist }: Notebook): ClientMetric[] {
  const isFirst = stage === "ready" && generalist.length === 0 && kept.length === 0;
  if (!isFirst || !config || !sameConfig(config, defaultConfig())) return [];
  return own.flatMap((method) =>
    sampled[method].split(" ").map((one): ClientMetric => {
      const [client, localTest, globalTest] = one.split(/[:/]/).map(Number) as [number, number, number];
      return { kind: "client", client, method, optedOut: false, localTest, globalTest, localNll: NaN, globalNll: NaN };
    }),
  );
}
