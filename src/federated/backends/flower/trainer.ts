// From a message to its answer. The node hands over raw objects and sends back objects, so that everything costly
// (training, hashing, .npy) can lie on another thread than the heartbeat: see threads.ts.
//
// Two kinds of servers are answered. Flower's own strategies average named tensors: their model is the vector `model` of a
// method that sends this one and keeps nothing. A server that runs a method of ours (hosts' FlowerHost) says so in every
// instruction, and is answered with the method's vectors by name.
import type { Reply, Vectors } from "../../method.ts";
import { instructionOf, type MethodOrder } from "./instruction.ts";
import { type Memory, remembering } from "./memory.ts";
import type { Participant } from "./participant.ts";
import { checkPrivacy, LocalPrivacy } from "../../privacy/local.ts";
import type { PrivacyOptions } from "../../privacy/local.ts";
import { checkProtects, protectedVectors } from "../../privacy/protected.ts";
import type { TensorData } from "../../../io/dtype.ts";
import { type Content, readConfigs, readContent } from "./records.ts";
import { initialContent, namedContent, scoresContent, vectorsContent, whoContent } from "./reply.ts";
import type { Answer, Task, Trainer } from "./task.ts";
import { SecureAnswers, secureOf } from "./secureTrainer.ts";
import { PREFIX } from "./secureLetters.ts";
import { plainModel, sizeOfAll, vectorOf, vectorsOf } from "./vector.ts";

/** Who trains, and what is done to what leaves. */
export interface ClientTrainerOptions extends Memory {
  /** A client, or one client's part in each of several methods; servers that know no method are answered by the first. */
  readonly client: Participant | readonly Participant[];
  /** Noise of the client's own. */
  readonly privacy?: PrivacyOptions | undefined;
  /** What client and server must have alike; a server that has something else is refused. */
  readonly terms?: string | undefined;
  /** Whether its updates leave behind masks alone, for sums that the server sees and nothing else. */
  readonly secure?: boolean | undefined;
}

/** A trainer that runs the client on this thread. RangeError for privacy options that promise nothing. */
export function clientTrainer({ client, privacy, terms, secure = false, ...memory }: ClientTrainerOptions): Trainer {
  const parts = [client].flat();
  const [first] = parts;
  if (!first) throw new RangeError("trainer: got no client, expected one, or its parts in several methods");
  if (privacy !== undefined) {
    checkPrivacy(privacy);
    for (const { method } of parts) checkProtects(method, privacy);
  }
  if (secure && privacy?.noise !== undefined)
    throw new RangeError(
      "secure: got noise beside masks, expected one of the two; its account is of answers that are seen",
    );
  const remembered = remembering(first.client, memory);
  const masked = new SecureAnswers();

  const partIn = ({ method, terms: theirs }: MethodOrder): Participant => {
    const part = parts.find((one) => one.method.name === method);
    if (!part)
      throw new RangeError(
        `config: method, got ${method.slice(0, 40)}, expected ${parts.map((one) => one.method.name).join(", ")}; this client has joined for another method`,
      );
    if (terms !== undefined && theirs !== undefined && terms !== theirs)
      throw new RangeError(
        `config: terms, got ${theirs.slice(0, 12)}, expected ${terms.slice(0, 12)}; give client and server the same config and method`,
      );
    return part;
  };

  const answer = async ({ messageType, rootId, objects, account, kept = {} }: Task): Promise<Answer> => {
    const { serverRound, round, clip: serverClip, order } = instructionOf(readConfigs(rootId, objects));
    const part = order ? partIn(order) : first;
    const content = readContent(rootId, objects, order ? {} : { arrayBytes: bytesOf(part) });
    const effort = order?.effort ?? 1;
    const down = (): Vectors => (order ? vectorsOf(arraysOf(content), part.method) : modelOf(part, content));
    if (SecureAnswers.isOne(messageType)) {
      if (!secure || !order)
        throw new RangeError("secure: got a question for a masked sum, expected none; join with --secure to take part");
      const arrays = [...content.arrays.values()][0] ?? new Map<string, TensorData>();
      const { content: said, reply } = await masked.answer(messageType, secureOf(content), part, arrays, async () => {
        const plain = new Map([...arrays].filter(([name]) => !name.startsWith(PREFIX)));
        const asked = { round, down: vectorsOf(plain, part.method), kept, effort };
        const trained = await part.train(asked);
        if (privacy === undefined) return { reply: trained, up: trained.up };
        const local = new LocalPrivacy(privacy, account);
        return { reply: trained, up: protectedVectors(local, part.method, trained.up, asked) };
      });
      return { content: said, round: serverRound, kept: reply?.kept ? whole(reply.kept) : undefined };
    }
    switch (messageType) {
      case "train": {
        if (secure)
          throw new RangeError(
            "secure: got a question for a plain update, expected one for a masked sum; start the server with --secure",
          );
        const local = privacy === undefined ? undefined : new LocalPrivacy(privacy, account);
        const asked = { round, down: down(), kept, effort };
        local?.afford();
        const reply = await part.train(asked);
        const protection = { part, down: asked.down, round, serverClip, local };
        return {
          content: await (order ? vectorsContent : namedContent)(reply, protection),
          round: serverRound,
          spent: local?.spent(),
          account: local?.hides ? local.account : undefined,
          kept: order && reply.kept ? whole(reply.kept) : undefined,
        };
      }
      case "evaluate": {
        if (privacy?.noise !== undefined)
          throw new RangeError("evaluate: scores are exact, and local noise hides updates only; nothing is answered");
        const scores = await part.evaluate({ round, down: down(), kept, effort });
        return { content: await scoresContent(scores, part), round: serverRound };
      }
      case "query.initial":
        plainModel(part);
        return { content: await initialContent(part), round: serverRound };
      case "query.who":
        return { content: await whoContent(part), round: serverRound };
      default:
        throw new TypeError(`message type, got ${messageType}, expected train, evaluate, query.initial or query.who`);
    }
  };
  return {
    answer: (task) => (task.account === undefined ? remembered(task, answer) : answer(task)),
  };
}

// a generalist may come as float64, and every array has a head
function bytesOf({ tensors }: Participant): number {
  return 8 * sizeOfAll(tensors) + 1024 * tensors.length;
}

function modelOf(part: Participant, content: Content): Vectors {
  plainModel(part);
  return { model: vectorOf(arraysOf(content), part.tensors) };
}

function arraysOf(content: Content): Content["arrays"] extends ReadonlyMap<string, infer T> ? T : never {
  const [record] = content.arrays.values();
  if (record === undefined) throw new RangeError("generalist: the message brings no arrays");
  return record;
}

// without what is not there
function whole(kept: NonNullable<Reply["kept"]>): Vectors {
  return Object.fromEntries(Object.entries(kept).filter(([, values]) => values !== undefined)) as Vectors;
}
