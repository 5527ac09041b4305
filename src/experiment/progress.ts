// The state of a run on disk: what a killed run goes on from. Random numbers have addresses, so vectors and counters are
// all there is to it.
import type { Build } from "../autograd/index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.ts";
import type { FederationState } from "../federated/loop.ts";
import type { Personalized } from "../moe/compare.ts";
import { ConfigError } from "./config.ts";
import type { RunStore } from "./store.ts";

const FEDERATION = "checkpoint.safetensors";

const clientFile = (client: number): string => `clients/${client}.safetensors`;

interface Meta extends Omit<FederationState, "generalist" | "best" | "bestLoss"> {
  /** JSON has no Infinity: null before the first validation. */
  readonly bestLoss: number | null;
  readonly seconds: number;
  /** Which data it was trained on, by which config and kernels. */
  readonly data: string;
  readonly config: string;
  readonly kernels: Build;
}

/** What a run must find again to be gone on with: hashes of its data and its config, and how sums are rounded. */
export interface Origin {
  readonly data: string;
  readonly config: string;
  readonly kernels: Build;
}

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
  const { tensors, meta } = decodeCheckpoint(bytes);
  const { seconds, data, config, kernels = "plain", bestLoss, ...counters } = meta as unknown as Meta;
  if (data !== origin.data)
    throw new ConfigError("resume: the data found now is not the data the run began with; give the same --data");
  if (config !== origin.config)
    throw new ConfigError("resume: the config is not the one the run began with; begin a new run for another one");
  if (kernels !== origin.kernels)
    throw new ConfigError(
      `resume: the run began with ${kernels} kernels, these are ${origin.kernels}; configure the same`,
    );
  const { generalist, best } = tensors as unknown as Pick<FederationState, "generalist" | "best">;
  return { state: { ...counters, generalist, best, bestLoss: bestLoss ?? Infinity }, seconds };
}

/** Writes what a client keeps: its specialist and gate, and what was measured. */
export async function saveClient(store: RunStore, personalized: Personalized): Promise<void> {
  const { specialist, gate, ...meta } = personalized;
  await store.write(
    clientFile(personalized.client),
    encodeCheckpoint({ tensors: { specialist, gate }, meta: JSON.parse(JSON.stringify(meta)) }),
  );
}

/** Reads a client's file; undefined when the client is still to do. */
export async function loadClient(store: RunStore, client: number): Promise<Personalized | undefined> {
  const bytes = await store.read(clientFile(client));
  if (!bytes) return undefined;
  const { tensors, meta } = decodeCheckpoint(bytes);
  return { ...(meta as unknown as Omit<Personalized, "specialist" | "gate">), ...tensors } as Personalized;
}
