// What a soak left, held against a run in one process in which nobody was killed: the server's state, every round, and what every
// client keeps on its own disk.
import { readdirSync, readFileSync } from "node:fs";
import { configOf } from "../../src/cli/configOf.ts";
import { openDataset } from "../../src/cli/dataset.ts";
import { experimentCalls } from "../../src/experiment/clients.ts";
import { MemoryStore, run } from "../../src/experiment/index.ts";
import { statesIn } from "../../src/experiment/progress.ts";
import { decodeCheckpoint } from "../../src/io/checkpoint.ts";
import { parseJsonLines } from "../../src/io/jsonl.ts";
import { Sha256 } from "../../src/io/hash.ts";
import type { Vectors } from "../../src/federated/turn.ts";
import type { RoundMetric } from "../../src/report/metrics.ts";
import { InThread } from "../../src/runtime/pool.ts";

const METHOD = "ditto";
const CHECKPOINT = `checkpoints/${METHOD}.safetensors`;

/** What is left of a soak, and what is wrong with it. */
export interface Comparison {
  readonly rounds: number;
  /** Clients that keep a state, and answers that they wrote down before they left. */
  readonly states: number;
  readonly answers: number;
  /** Answers that rounds were made of. */
  readonly needed: number;
  readonly absences: readonly string[];
  readonly weightsSha256: string;
  readonly wrong: readonly string[];
}

export async function compareWithStraight(folder: string, clients: number): Promise<Comparison> {
  const wrong: string[] = [];
  const left = decodeCheckpoint(readFileSync(`${folder}/federation/rounds/${CHECKPOINT}`));
  const { round: rounds, marks } = left.meta as { round: number; marks: Record<string, number> };
  const told = roundsIn(readFileSync(`${folder}/federation/rounds/metrics.jsonl`));
  const absences = told.flatMap(({ round, refused = [] }) =>
    refused.map(({ client, fault, reason }) => `round ${round} without client ${client}: ${fault}, ${reason}`),
  );
  for (let i = 0; i < rounds; i++)
    if (told[i]?.round !== i) wrong.push(`metrics.jsonl, got ${told[i]?.round}, expected round ${i}`);
  if (told.length !== rounds) wrong.push(`metrics.jsonl, got ${told.length} rounds, expected ${rounds}`);

  const store = await straight(`${folder}/config.json`, rounds);
  const right = decodeCheckpoint(store.files.get(CHECKPOINT)!);
  // with somebody away the numbers are others, and the log says who was
  if (absences.length === 0) {
    if (hashOf(left.tensors) !== hashOf(right.tensors)) wrong.push(`the server's state differs after ${rounds} rounds`);
    const expected = roundsIn(store.files.get("metrics.jsonl")!);
    const odd = expected.findIndex((one, i) => JSON.stringify(untimed(one)) !== JSON.stringify(untimed(told[i]!)));
    if (odd >= 0) wrong.push(`round ${odd} is not that of a run in one process`);
  }
  const states = statesIn(store, METHOD);
  await states.restore(marks);
  for (const [client, round] of Object.entries(marks)) {
    const name = `${client}-${round}.safetensors`;
    const kept = `${folder}/client-${client}/states`;
    const [federation, ...others] = readdirSync(kept);
    if (federation === undefined || others.length > 0)
      wrong.push(`client ${client} keeps ${others.length + 1} federations`);
    const here = decodeCheckpoint(readFileSync(`${kept}/${federation}/${METHOD}/${name}`)).tensors;
    const there = await states.get(Number(client));
    if (absences.length === 0 && hashOf(here) !== hashOf(there))
      wrong.push(`client ${client}'s state of round ${round} is not that of a run in one process`);
  }
  let answers = 0;
  for (let client = 0; client < clients; client++) answers += checkSent(folder, client, told, wrong);
  const needed = told.reduce((sum, { clients, refused = [] }) => sum + clients.length - refused.length, 0);
  return {
    rounds,
    states: Object.keys(marks).length,
    answers,
    needed,
    absences,
    weightsSha256: hashOf(left.tensors),
    wrong,
  };
}

/** The same experiment in this process, as far as so many rounds. */
async function straight(configFile: string, rounds: number): Promise<MemoryStore> {
  const config = await configOf(configFile, {});
  const { dataset } = await openDataset(config, undefined);
  const store = new MemoryStore();
  const stop = new AbortController();
  await run({
    config,
    dataset,
    store,
    signal: stop.signal,
    pool: async (setup) => new InThread(experimentCalls(setup)),
    onEvent: (event) => {
      if (event.kind === "round" && event.round === rounds - 1) stop.abort();
    },
  });
  return store;
}

/** Every answer that a round was made of stands in its client's log of what left it; how many answers stand there. */
function checkSent(folder: string, client: number, told: readonly RoundMetric[], wrong: string[]): number {
  const { rows } = parseJsonLines(readFileSync(`${folder}/client-${client}/sent.jsonl`, "utf8"));
  // Flower's rounds count from 1
  const sent = (rows as { messageType: string; round: number }[]).flatMap(({ messageType, round }) =>
    messageType === "train" ? [round - 1] : [],
  );
  const rounds = new Set(sent);
  for (const { round, clients, refused = [] } of told)
    if (clients.includes(client) && !refused.some((one) => one.client === client) && !rounds.has(round))
      wrong.push(`client ${client}'s answer of round ${round} is not in its sent.jsonl`);
  return sent.length;
}

function roundsIn(bytes: Uint8Array): RoundMetric[] {
  const { rows } = parseJsonLines(new TextDecoder().decode(bytes));
  return (rows as RoundMetric[]).filter(({ kind }) => kind === "round");
}

function untimed(metric: RoundMetric): object {
  const { seconds: _, ...rest } = metric;
  return rest;
}

function hashOf(tensors: ReturnType<typeof decodeCheckpoint>["tensors"] | Vectors): string {
  const hash = new Sha256();
  for (const [name, { buffer, byteOffset, byteLength }] of Object.entries(tensors).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  ))
    hash.update(new TextEncoder().encode(name)).update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.hex();
}
