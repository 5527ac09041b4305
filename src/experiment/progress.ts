// The state of a run on disk: what a killed run goes on from. Random numbers have addresses, so vectors and counters are
// all there is to it.
import { decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.ts";
import { jsonLine, parseJsonLines } from "../io/jsonl.ts";
import type { Metric, RoundMetric } from "../report/records.ts";
import { parseMetric, parseProgress } from "./recordSchema.ts";
import type { FederationState } from "../federated/loop.ts";
import { clientFile } from "./clientFile.ts";
import { ConfigError } from "./config.ts";
import type { Origin } from "./origin.ts";
import type { RunStore } from "./store.ts";

const FEDERATION = "checkpoint.safetensors";

/** A line for every round, validation, method and gate. */
export const METRICS = "metrics.jsonl";

export interface Progress {
  readonly state: FederationState;
  /** Seconds of work behind it. */
  readonly seconds: number;
}

/** Removes what an earlier run left, so that nobody goes on with a part of it. */
export async function clearProgress(store: RunStore, clients: readonly number[]): Promise<void> {
  for (const name of ["summary.json", FEDERATION, ...clients.map(clientFile)]) await store.remove(name);
}

/** Writes the federation's state. */
export async function saveFederation(store: RunStore, { state, seconds }: Progress, origin: Origin): Promise<void> {
  const { generalist, best, bestLoss, ...counters } = state;
  const meta = { ...counters, bestLoss: Number.isFinite(bestLoss) ? bestLoss : null, seconds, ...origin };
  await store.write(FEDERATION, encodeCheckpoint({ tensors: { generalist, best }, meta }));
}

/** Reads it back; undefined when the run had not come to a checkpoint. */
export async function loadFederation(store: RunStore, origin: Origin): Promise<Progress | undefined> {
  const bytes = await store.read(FEDERATION);
  if (!bytes) return undefined;
  const { tensors, meta } = unpacked(bytes);
  const { generalist, best } = tensors;
  if (!(generalist instanceof Float32Array && best instanceof Float32Array && best.length === generalist.length))
    throw new ConfigError(`resume: ${FEDERATION}, got other tensors than a federation's state has; ${remedy}`);
  const { seconds, data, config, kernels, bestLoss, ...counters } = parseProgress(meta, `resume: ${FEDERATION}`);
  if (data !== origin.data)
    throw new ConfigError("resume: the data found now is not the data the run began with; give the same --data");
  if (config !== origin.config)
    throw new ConfigError("resume: the config is not the one the run began with; begin a new run for another one");
  if (kernels !== origin.kernels)
    throw new ConfigError(
      `resume: the run began with ${kernels} kernels, these are ${origin.kernels}; configure the same`,
    );
  return { state: { ...counters, generalist, best, bestLoss: bestLoss ?? Infinity }, seconds };
}

const remedy = `restore it, or remove it and the federation runs again, to the same numbers`;

function unpacked(bytes: Uint8Array): ReturnType<typeof decodeCheckpoint> {
  try {
    return decodeCheckpoint(bytes);
  } catch (cause) {
    throw new ConfigError(`resume: ${FEDERATION} cannot be read (${(cause as Error).message}); ${remedy}`, { cause });
  }
}

/**
 * The rounds that a run wrote before its last checkpoint, rewritten without what came after it: that is run again. A
 * ConfigError unless they are all there: what is missing would be missing for ever.
 */
export async function keptRounds(store: RunStore, state: FederationState | undefined): Promise<RoundMetric[]> {
  const bytes = state && (await store.read(METRICS));
  const rounds = (bytes ? metricsIn(bytes) : []).filter(
    (metric): metric is RoundMetric => metric.kind === "round" && metric.round < state!.round,
  );
  const missing = Array.from({ length: state?.round ?? 0 }, (_, i) => i).find((i) => rounds[i]?.round !== i);
  if (missing !== undefined)
    throw new ConfigError(
      `resume: ${METRICS}, got ${rounds.length} of the ${state!.round} rounds that are done (no round ${missing}); ` +
        `restore it, or remove ${FEDERATION} and the federation runs again, to the same numbers`,
    );
  await store.write(METRICS, rounds.map(jsonLine).join(""));
  return rounds;
}

function metricsIn(bytes: Uint8Array): Metric[] {
  let rows: readonly unknown[];
  try {
    ({ rows } = parseJsonLines(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new ConfigError(`resume: ${METRICS}, ${(cause as Error).message}; restore it`, { cause });
  }
  for (const [i, row] of rows.entries()) parseMetric(row, `resume: ${METRICS}: row ${i + 1}`);
  return rows as Metric[];
}
