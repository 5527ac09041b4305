// From a message to its answer. The node hands over raw objects and sends back objects, so that everything costly
// (training, hashing, .npy) can lie on another thread than the heartbeat: see threads.ts.
import type { TensorData } from "../../../io/dtype.ts";
import type { FederatedClient } from "../../client.ts";
import type { SharedVector } from "../../shared.ts";
import type { FlowerObject } from "./objects.ts";
import { LocalPrivacy } from "./privacy.ts";
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
}

export interface Answer {
  /** A RecordDict, ready to be pushed below a message. */
  readonly content: FlowerObject;
  readonly round: number;
  readonly spent?: PrivacySpent | undefined;
}

/** Answers instructions. A rejection becomes an error reply whose reason is the error's message. */
export interface Trainer {
  answer(task: Task): Promise<Answer>;
}

export interface ClientTrainerOptions {
  readonly client: FederatedClient;
  readonly privacy?: PrivacyOptions | undefined;
  /** Weights to start a federation from, if the server asks this client for them. */
  readonly initial?: (() => SharedVector) | undefined;
}

/** A trainer that runs the client on this thread. */
export function clientTrainer({ client, privacy, initial }: ClientTrainerOptions): Trainer {
  const local = privacy === undefined ? undefined : new LocalPrivacy(privacy);
  return {
    async answer({ messageType, rootId, objects }) {
      const content = readContent(rootId, objects);
      const round = roundOf(content);
      switch (messageType) {
        case "train": {
          const generalist = vectorOf(arraysOf(content), client.specs);
          const serverClip = configNumber(content, "clipping_norm");
          const reply = await client.train(generalist, ours(round));
          return {
            content: await trainContent(reply, { generalist, serverClip, local }),
            round,
            spent: local?.spent(),
          };
        }
        case "evaluate": {
          const reply = await client.evaluate(vectorOf(arraysOf(content), client.specs), ours(round));
          return { content: await evaluateContent(reply), round };
        }
        case "query.initial":
          if (initial === undefined) throw new TypeError("query.initial: this client has no weights to start from");
          return { content: await initialContent(initial()), round };
        default:
          throw new TypeError(`message type, got ${messageType}, expected train, evaluate or query.initial`);
      }
    },
  };
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
  }
  return undefined;
}

/** The server's round, from 1; 0 where a message does not say. */
export function roundOf(content: Content): number {
  return configNumber(content, "server-round") ?? 0;
}
