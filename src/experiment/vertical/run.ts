// Runs a vertical federation, and what it is measured against, into a run folder: from any killed state on as if it had not been.
import { Audited } from "../../federated/audit.ts";
import {
  Parties,
  answerVertical,
  type Asked,
  runVertical,
  type Saved,
  unasked,
} from "../../federated/vertical/index.ts";
import { decodeCheckpoint, encodeCheckpoint, jsonLine, type Json, Sha256 } from "../../io/index.ts";
import { recordVersion } from "../../report/records.ts";
import { fold } from "../../runtime/random.ts";
import { openLog } from "../auditLog.ts";
import { ConfigError } from "../config.ts";
import { dataHash } from "../origin.ts";
import type { RunStore } from "../store.ts";
import type { Columned } from "./columns.ts";
import type { VerticalConfig } from "./config.ts";
import { type Contest, contests, people, verticalKey } from "./people.ts";

/** What one contest came to. */
export interface VerticalResult {
  readonly name: string;
  readonly accuracy: number;
  readonly loss: number;
  readonly rounds: number;
  /** By party: bytes of training, and embeddings that it sent. */
  readonly asked: Readonly<Record<string, Asked>>;
  /** The same of answering the test rows once. */
  readonly answering: Readonly<Record<string, Asked>>;
  readonly weightsSha256: string;
}

/** What is run, where to, and who hears of it. */
export interface VerticalRun {
  readonly config: VerticalConfig;
  readonly dataset: Columned;
  readonly store: RunStore;
  /** Also what it is measured against: one model over all columns, and every party's columns alone. */
  readonly baselines?: boolean;
  readonly resume?: boolean;
  /** Writes audit.jsonl. */
  readonly audit?: boolean;
  readonly signal?: AbortSignal;
  readonly onRound?: (contest: string, round: number, trainLoss: number) => void;
}

const CHECKPOINT = "checkpoint.safetensors";

interface Progress {
  readonly origin: string;
  readonly done: readonly VerticalResult[];
  readonly round: number;
  readonly asked: readonly Asked[];
}

/** Runs to the end, or to the abort of `signal`, of which it says so by undefined. */
export async function runColumns(run: VerticalRun): Promise<readonly VerticalResult[] | undefined> {
  const { config, dataset, store, baselines = false, resume = false, audit = false, signal } = run;
  const all = contests(config, dataset);
  const origin = new Sha256().update(new TextEncoder().encode(JSON.stringify([dataHash(dataset), config]))).hex();
  const logged = await openLog(store, resume, audit);
  if (!resume) await store.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
  let found = resume ? await read(store, origin) : undefined;
  const results = [...(found?.progress.done ?? [])];
  for (const contest of baselines ? all : all.slice(0, 1)) {
    if (results.some(({ name }) => name === contest.name)) continue;
    const result = await one(run, contest, { origin, results, found, logged });
    if (!result) return undefined;
    found = undefined;
    results.push(result);
    await store.write(CHECKPOINT, written({}, { origin, done: results, round: 0, asked: [] }));
  }
  const summary = { version: recordVersion, method: "vertical", seed: config.seed, results };
  await store.write("summary.json", `${JSON.stringify(summary, null, 2)}\n`);
  if (!signal?.aborted) await store.remove(CHECKPOINT);
  return results;
}

interface Found {
  readonly progress: Progress;
  readonly tensors: Saved;
}

interface At {
  readonly origin: string;
  readonly results: readonly VerticalResult[];
  readonly found: Found | undefined;
  readonly logged: boolean;
}

async function one(run: VerticalRun, contest: Contest, at: At): Promise<VerticalResult | undefined> {
  const { config, dataset, store, signal } = run;
  const { active, parties } = people(config, dataset, contest);
  const names = Object.keys(contest.parties);
  const learners = [active.learner, ...parties.map(({ learner }) => learner)];
  const begun = at.found && at.found.progress.round > 0 ? at.found : undefined;
  if (begun) for (const [i, learner] of learners.entries()) learner.restore(within(begun.tensors, `${i}.`));
  const inner = new Parties(parties);
  const write = async (sent: readonly object[]): Promise<void> =>
    store.append("audit.jsonl", sent.map((line) => jsonLine({ method: "vertical", ...line })).join(""));
  const host = at.logged ? new Audited(inner, { hash: (bytes) => new Sha256().update(bytes).hex(), write }) : inner;
  const { rounds, batchSize } = config;
  const { width, share } = contest.options;
  let asked: readonly Asked[] = begun?.progress.asked ?? unasked(names.length);
  const done = await runVertical({
    active,
    host,
    rounds,
    batchSize,
    width,
    share,
    signal,
    key: fold(verticalKey(config), "train"),
    from: { round: begun?.progress.round ?? 0, asked },
    onRound: async (report) => {
      asked = report.asked;
      await store.append("rounds.jsonl", jsonLine({ contest: contest.name, ...report }));
      const tensors = Object.fromEntries(
        learners.flatMap((learner, i) => Object.entries(learner.state()).map(([name, data]) => [`${i}.${name}`, data])),
      );
      const progress = { origin: at.origin, done: at.results, round: report.round + 1, asked };
      await store.write(CHECKPOINT, written(tensors, progress));
      run.onRound?.(contest.name, report.round, report.trainLoss);
    },
  });
  if (done < rounds) return undefined;
  const classes = dataset.classes.length;
  const answers = await answerVertical({ active, host, width, parties: names.length, classes });
  const hash = new Sha256();
  for (const learner of learners)
    for (const net of Object.values(learner.nets)) hash.update(new Uint8Array(net.parameters.toArray().buffer));
  for (const learner of learners) learner.dispose();
  const named = (of: readonly Asked[]): Record<string, Asked> =>
    Object.fromEntries(names.map((name, i) => [name, of[i]!]));
  const { accuracy, loss } = answers;
  return {
    name: contest.name,
    accuracy,
    loss,
    rounds,
    asked: named(asked),
    answering: named(answers.asked),
    weightsSha256: hash.hex(),
  };
}

function within(tensors: Saved, stem: string): Saved {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, data]) => (name.startsWith(stem) ? [[name.slice(stem.length), data]] : [])),
  );
}

function written(tensors: Saved, progress: Progress): Uint8Array {
  return encodeCheckpoint({ tensors, meta: progress as unknown as Json });
}

async function read(store: RunStore, origin: string): Promise<Found | undefined> {
  const bytes = await store.read(CHECKPOINT);
  if (!bytes) return undefined;
  const { tensors, meta } = decodeCheckpoint(bytes);
  const progress = meta as unknown as Progress;
  if (progress.origin !== origin)
    throw new ConfigError(`resume: ${CHECKPOINT}, got one of other data or another config, expected this run's`);
  return { progress, tensors };
}
