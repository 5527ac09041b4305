// The state of a run on disk: what a killed run goes on from. Random numbers have addresses, so vectors and counters are
// all there is to it.
import { decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.ts";
import { jsonLine, parseJsonLines } from "../io/jsonl.ts";
import type { Metric, RoundMetric, TickMetric } from "../report/metrics.ts";
import { parseMetric, parseProgress } from "./recordSchema.ts";
import type { Vectors } from "../federated/method.ts";
import type { RoundsState } from "../federated/roundsState.ts";
import { type StateFiles, States } from "../federated/states.ts";
import { clientFile } from "./clientFile.ts";
import { ConfigError } from "./config.ts";
import { GENERALIST } from "./chosenMethods.ts";
import type { Origin } from "./origin.ts";
import { StatePacks } from "./statePacks.ts";
import type { RunStore } from "./store.ts";

// one for each federation of a run; the generalist's has the short name
const checkpointFile = (federation: string): string =>
  federation === GENERALIST ? "checkpoint.safetensors" : `checkpoints/${federation}.safetensors`;

const statesFolder = (federation: string): string => `states/${federation}`;

/** A line for every round, validation, method and gate. */
export const METRICS = "metrics.jsonl";

export interface Progress {
  readonly state: RoundsState;
  /** Seconds of work behind it. */
  readonly seconds: number;
}

/** Removes what an earlier run left, so that nobody goes on with a part of it. */
export async function clearProgress(
  store: RunStore,
  federations: readonly string[],
  clients: readonly number[],
): Promise<void> {
  for (const name of ["summary.json", ...clients.map(clientFile)]) await store.remove(name);
  await clearFederations(store, federations);
}

/** Removes checkpoints and what clients kept in between. */
export async function clearFederations(store: RunStore, federations: readonly string[]): Promise<void> {
  for (const federation of federations) {
    await store.remove(checkpointFile(federation));
    const folder = statesFolder(federation);
    for (const name of await store.list(folder)) await store.remove(`${folder}/${name}`);
  }
  for (const folder of ["states", "checkpoints"]) await store.remove(folder);
}

/** What clients of a federation keep, with files in the run's folder for what does not fit in memory. */
export function statesIn(store: RunStore, federation: string, budget?: number): States {
  return new States(new StatePacks(store, statesFolder(federation)), budget);
}

/** Files of states in a folder of a store, one each: of a client on its own. */
export function stateFiles(store: RunStore, folder: string): StateFiles {
  const file = (name: string): string => `${folder}/${name}.safetensors`;
  return {
    list: async () => (await store.list(folder)).map((name) => name.replace(/\.safetensors$/, "")),
    read: async (name) => {
      const bytes = await store.read(file(name));
      return bytes && (unpacked(bytes, file(name)).tensors as Vectors);
    },
    write: async (versions) => {
      for (const [name, vectors] of versions)
        await store.write(file(name), encodeCheckpoint({ tensors: vectors, meta: null }));
    },
    remove: async (names) => {
      for (const name of names) await store.remove(file(name));
    },
  };
}

/** Writes a federation's state, and what its clients keep. */
export async function saveFederation(
  store: RunStore,
  federation: string,
  states: States,
  { state, seconds }: Progress,
  origin: Origin,
): Promise<void> {
  const { now, best, bestLoss, ...counters } = state;
  await states.checkpoint(async (marks) => {
    const meta = {
      ...counters,
      bestLoss: Number.isFinite(bestLoss) ? bestLoss : null,
      marks,
      bestMarks: best.marks,
      seconds,
      ...origin,
    };
    const tensors = { ...prefixed("now", now), ...prefixed("best", best.server) };
    await store.write(checkpointFile(federation), encodeCheckpoint({ tensors, meta }));
  });
}

/** Reads it back, and brings the clients' states to where it was; undefined when there was no checkpoint yet. */
export async function loadFederation(
  store: RunStore,
  federation: string,
  states: States,
  origin: Origin,
): Promise<Progress | undefined> {
  const file = checkpointFile(federation);
  const bytes = await store.read(file);
  if (!bytes) {
    await states.clear();
    return undefined;
  }
  const { tensors, meta } = unpacked(bytes, file);
  const of = (moment: string): Vectors => {
    const found = unprefixed(moment, tensors);
    if (!found) throw new ConfigError(`resume: ${file}, got other tensors than a federation's state has; ${remedy}`);
    return found;
  };
  const [now, server] = [of("now"), of("best")];
  const { seconds, data, config, kernels, bestLoss, marks, bestMarks, ...counters } = parseProgress(
    meta,
    `resume: ${file}`,
  );
  if (data !== origin.data)
    throw new ConfigError("resume: the data found now is not the data the run began with; give the same --data");
  if (config !== origin.config)
    throw new ConfigError("resume: the config is not the one the run began with; begin a new run for another one");
  if (kernels !== origin.kernels)
    throw new ConfigError(
      `resume: the run began with ${kernels} kernels, these are ${origin.kernels}; configure the same`,
    );
  await states.restore(marks, { best: bestMarks });
  return { state: { ...counters, now, best: { server, marks: bestMarks }, bestLoss: bestLoss ?? Infinity }, seconds };
}

function prefixed(prefix: string, vectors: Vectors): Vectors {
  return Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [`${prefix}.${name}`, vector]));
}

// nothing where a tensor is no vector
function unprefixed(prefix: string, tensors: Readonly<Record<string, unknown>>): Vectors | undefined {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${prefix}.`));
  const odd = Object.keys(tensors).some((name) => !/^(now|best)\./.test(name));
  if (odd || !own.every(([, data]) => data instanceof Float32Array || data instanceof Float64Array)) return undefined;
  return Object.fromEntries(own.map(([name, data]) => [name.slice(prefix.length + 1), data])) as Vectors;
}

const remedy = `restore it, or remove it and the federation runs again, to the same numbers`;

function unpacked(bytes: Uint8Array, file: string): ReturnType<typeof decodeCheckpoint> {
  try {
    return decodeCheckpoint(bytes);
  } catch (cause) {
    throw new ConfigError(`resume: ${file} cannot be read (${(cause as Error).message}); ${remedy}`, { cause });
  }
}

/**
 * The rounds that a run wrote before its last checkpoint, rewritten without what came after it: that is run again. A
 * ConfigError unless they are all there: what is missing would be missing for ever.
 */
export async function keptRounds(
  store: RunStore,
  before: ReadonlyMap<string, Progress>,
): Promise<(RoundMetric | TickMetric)[]> {
  const bytes = before.size > 0 && (await store.read(METRICS));
  const all = (bytes ? metricsIn(bytes) : []).filter(({ kind }) => kind === "round" || kind === "tick");
  const rounds: (RoundMetric | TickMetric)[] = [];
  for (const [federation, { state }] of before) {
    const told = (all as (RoundMetric | TickMetric)[]).filter(
      ({ method = GENERALIST, round }) => method === federation && round < state.round,
    );
    const own = told.filter(({ kind }) => kind === "round");
    const missing = Array.from({ length: state.round }, (_, i) => i).find((i) => own[i]?.round !== i);
    if (missing !== undefined)
      throw new ConfigError(
        `resume: ${METRICS}, got ${own.length} of the ${state.round} rounds that are done (no round ${missing}); ` +
          `restore it, or remove ${checkpointFile(federation)} and the federation runs again, to the same numbers`,
      );
    rounds.push(...told);
  }
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
