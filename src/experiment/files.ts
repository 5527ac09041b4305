// The files that a finished run leaves behind.
import { sizeOf } from "../autograd/shape.ts";
import { encodeSafetensors, jsonLine, Sha256 } from "../io/index.ts";
import type { Vector, Vectors } from "../federated/method.ts";
import type { RunRecords, Summary } from "../report/records.ts";
import type { Metric, RoundMetric, TickMetric } from "../report/metrics.ts";
import type { Measured } from "./measured.ts";
import { networks } from "./networks.ts";
import { METRICS } from "./progress.ts";
import { clientMetrics, clientsCsv, configRecord, curvesCsv } from "./records.ts";
import type { Setup } from "./setup.ts";
import type { RunStore } from "./store.ts";

export interface RecordsOptions {
  /** Where the run's files go. */
  readonly store: RunStore;
  /**
   * Whether summary.json tells time, command and runtime ("summary"), or timing.json does ("apart"), so that the bytes of
   * summary.json are the same whenever and wherever the run is repeated.
   */
  readonly circumstances?: "summary" | "apart";
  /** Makes report.html from the records. */
  readonly render?: (records: RunRecords) => string | Promise<string>;
}

/** Writes what a finished run leaves behind. */
export async function writeRecords(
  { store, render, circumstances = "summary" }: RecordsOptions,
  setup: Setup,
  generalist: Vector | undefined,
  done: readonly Measured[],
  rounds: readonly (RoundMetric | TickMetric)[],
  summary: Summary,
): Promise<RunRecords> {
  const metrics: Metric[] = [
    ...rounds,
    ...done.flatMap((one) => clientMetrics(one, setup.clients[one.client]!, setup.config)),
  ];
  const records: RunRecords = { config: configRecord(setup.config, setup.dataset.classes), summary, metrics };
  // now in the order of clients, not in the order in which they finished
  await store.write(METRICS, metrics.map(jsonLine).join(""));
  await store.write("clients.csv", clientsCsv(setup, done));
  const curves = curvesCsv(done);
  if (curves !== undefined) await store.write("curves.csv", curves);
  const file = generalistFile(setup, generalist, summary);
  if (file) await store.write("generalist.safetensors", file);
  if (render) await store.write("report.html", await render(records));
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  // the summary comes last: where it is, the run is whole
  if (circumstances === "summary") await store.write("summary.json", json(summary));
  else {
    const { wallSeconds, phases, command, runtime, ...rest } = summary;
    await store.write("timing.json", json({ wallSeconds, phases, command, runtime }));
    await store.write("summary.json", json(rest));
  }
  return records;
}

function sizeOfModel({ config, dataset }: Setup): number {
  return networks(config, dataset).expert.specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Everybody's model as a file; nothing where the federation has none. */
export function generalistFile(
  setup: Setup,
  values: Vector | undefined,
  { rounds, bestRound }: Pick<Summary, "rounds" | "bestRound">,
): Uint8Array | undefined {
  if (values?.length !== sizeOfModel(setup)) return undefined;
  const { config, dataset } = setup;
  let at = 0;
  const tensors = networks(config, dataset).expert.specs.map(({ name, shape }) => {
    const data = values.slice(at, (at += sizeOf(shape)));
    return [name, { shape, data }] as const;
  });
  return encodeSafetensors(tensors, {
    model: config.model,
    dataset: config.dataset,
    rounds: String(rounds),
    bestRound: String(bestRound),
  });
}

/** SHA-256 over what the servers ended with (the generalist) and what every client keeps (specialist and gate), in client order. */
export function weightsHash(servers: readonly Vectors[], clients: readonly Pick<Measured, "kept">[]): string {
  const hash = new Sha256();
  const add = (vectors: Vectors): void => {
    for (const { buffer, byteOffset, byteLength } of Object.values(vectors))
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  };
  for (const server of servers) add(server);
  for (const { kept } of clients) add(kept);
  return hash.hex();
}
