// From a message to its answer. The node hands over raw objects and sends back objects, so that everything costly
// (training, hashing, .npy) can lie on another thread than the heartbeat: see threads.ts.
import type { TensorData } from "../../../io/dtype.ts";
import type { FederatedClient } from "../../client.ts";
import { declarationOf } from "../../outgoing.ts";
import type { SharedVector } from "../../shared.ts";
import { type Account, accounting, type Ledger, memoryLedger } from "./account.ts";
import type { FlowerObject } from "./objects.ts";
import { checkPrivacy, LocalPrivacy } from "./privacy.ts";
import type { PrivacyOptions, PrivacySpent } from "./privacy.ts";
import { readContent } from "./records.ts";
import type { Content } from "./records.ts";
import { evaluateContent, initialContent, trainContent } from "./reply.ts";
import { vectorOf } from "./vector.ts";

/** An instruction as it was pulled. */
export interface Task {
  /** `train`, `evaluate`, `query` or one of them with a dot and a name. */
  readonly messageType: string;
  readonly rootId: string;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** What the client has spent so far, if it is kept by who asks; the answer says what it has spent then. */
  readonly account?: Account | undefined;
}

export interface Answer {
  /** A RecordDict, ready to be pushed below a message. */
  readonly content: FlowerObject;
  readonly round: number;
  readonly spent?: PrivacySpent | undefined;
  /** The client's account after this answer, where the answer was hidden by noise. */
  readonly account?: Account | undefined;
}

/** Answers instructions. A rejection becomes an error reply whose reason is the error's message. */
export interface Trainer {
  answer(task: Task): Promise<Answer>;
}

export interface ClientTrainerOptions {
  readonly client: FederatedClient;
  readonly privacy?: PrivacyOptions | undefined;
  /** Where the privacy account is kept, unless a task brings it along; in memory unless said. */
  readonly ledger?: Ledger | undefined;
  /** Weights to start a federation from, if the server asks this client for them. */
  readonly initial?: (() => SharedVector) | undefined;
}

/** A trainer that runs the client on this thread. RangeError for privacy options that promise nothing. */
export function clientTrainer({ client, privacy, ledger, initial }: ClientTrainerOptions): Trainer {
  // what may leave is settled now, before any server has asked for anything
  const declared = declarationOf(client);
  if (privacy !== undefined) checkPrivacy(privacy);
  const keeping = accounting<Answer>(ledger ?? memoryLedger());

  const answer = async ({ messageType, rootId, objects }: Task, account: Account | undefined): Promise<Answer> => {
    const local = privacy === undefined ? undefined : new LocalPrivacy(privacy, account);
    const content = readContent(rootId, objects, { arrayBytes: bytesOf(declared.size, client.specs.length) });
    const round = roundOf(content);
    switch (messageType) {
      case "train": {
        const generalist = vectorOf(arraysOf(content), client.specs);
        const serverClip = configNumber(content, "clipping_norm");
        local?.afford();
        const reply = await client.train(generalist, ours(round));
        const sent = await trainContent(reply, { declared, generalist, serverClip, local });
        return { content: sent, round, spent: local?.spent(), account: local?.hides ? local.account : undefined };
      }
      case "evaluate": {
        if (local?.hides)
          throw new RangeError("evaluate: scores are exact, and local noise hides updates only; nothing is answered");
        const reply = await client.evaluate(vectorOf(arraysOf(content), client.specs), ours(round));
        return { content: await evaluateContent(reply, declared), round };
      }
      case "query.initial":
        if (initial === undefined) throw new TypeError("query.initial: this client has no weights to start from");
        return { content: await initialContent(initial(), declared), round };
      default:
        throw new TypeError(`message type, got ${messageType}, expected train, evaluate or query.initial`);
    }
  };
  return {
    answer: (task) =>
      task.account === undefined ? keeping((account) => answer(task, account)) : answer(task, task.account),
  };
}

// a generalist may come as float64, and every array has a head
function bytesOf(size: number, tensors: number): number {
  return 8 * size + 1024 * tensors;
}

function arraysOf(content: Content): ReadonlyMap<string, TensorData> {
  const [record] = content.arrays.values();
  if (record === undefined) throw new RangeError("generalist: the message brings no arrays");
  return record;
}

// Flower's rounds count from 1, ours from 0
function ours(round: number): number {
  return Math.max(0, round - 1);
}

function configNumber(content: Content, key: string): number | undefined {
  for (const config of content.configs.values()) {
    const value = config.get(key);
    if (typeof value === "number") return value;
    if (value !== undefined) throw new RangeError(`config: ${key}, got ${typeof value}, expected a number`);
  }
  return undefined;
}

/** The server's round, from 1; 0 where a message does not say. RangeError for one that is no whole number. */
export function roundOf(content: Content): number {
  const round = configNumber(content, "server-round") ?? 0;
  if (!(Number.isSafeInteger(round) && round >= 0 && round <= 0xffff_ffff))
    throw new RangeError(`config: server-round, got ${round}, expected a whole number from 0`);
  return round;
}
