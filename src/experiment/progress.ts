// The state of a run on disk: what a killed run goes on from. Random numbers have addresses, so vectors and counters are
// all there is to it.
import { decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.ts";
import type { FederationState } from "../federated/loop.ts";
import type { Personalized } from "../moe/personalize.ts";
import { ConfigError } from "./config.ts";
import type { RunStore } from "./store.ts";

const FEDERATION = "checkpoint.safetensors";

const clientFile = (client: number): string => `clients/${client}.safetensors`;

interface Meta extends Omit<FederationState, "generalist" | "best" | "bestLoss"> {
  /** JSON has no Infinity: null before the first validation. */
  readonly bestLoss: number | null;
  readonly seconds: number;
  /** Which data it was trained on. */
  readonly data: string;
}

export interface Progress {
  readonly state: FederationState;
  /** Seconds of work behind it. */
  readonly seconds: number;
}

/** Writes the federation's state. */
export async function saveFederation(store: RunStore, { state, seconds }: Progress, data: string): Promise<void> {
  const { generalist, best, bestLoss, ...counters } = state;
  const meta = { ...counters, bestLoss: Number.isFinite(bestLoss) ? bestLoss : null, seconds, data };
  await store.write(FEDERATION, encodeCheckpoint({ tensors: { generalist, best }, meta }));
}

/** Reads it back; undefined when the run had not come to a checkpoint. */
export async function loadFederation(store: RunStore, data: string): Promise<Progress | undefined> {
  const bytes = await store.read(FEDERATION);
  if (!bytes) return undefined;
  const { tensors, meta } = decodeCheckpoint(bytes);
  const { seconds, data: before, bestLoss, ...counters } = meta as unknown as Meta;
  if (before !== data)
    throw new ConfigError("resume: the data found now is not the data the run began with; give the same --data");
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
