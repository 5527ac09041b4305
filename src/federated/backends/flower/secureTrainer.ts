// A client's answers to the messages of masked sums. A sum's secrets are in this process's memory and nowhere else: whoever is killed in the
// middle of one is as one that dropped out.
import type { Reply } from "../../method.ts";
import { outgoing } from "../../outgoing.ts";
import { PUBLIC_BYTES, sealedBytes, SHARE_BYTES } from "../../secure/keys.ts";
import { Member } from "../../secure/member.ts";
import { type Elements, flat } from "../../secure/ring.ts";
import type { TensorData } from "../../../io/dtype.ts";
import type { Vectors } from "../../turn.ts";
import type { FlowerObject } from "./objects.ts";
import type { Participant } from "./participant.ts";
import { arrayObject, configObject, type Content, metricsObject, recordObject } from "./records.ts";
import { clientsIn, elementsOut, rosterOf, rowsIn, rowsOut, SESSION, STAGES } from "./secureLetters.ts";

/** How a method's vectors are weighed in their sum. */
export type Weighing = "examples" | "alike";

type Arrays = ReadonlyMap<string, TensorData>;

/** What a client trains and what it says of it, for the sum. */
export interface Told {
  readonly reply: Reply;
  /** What leaves of `reply`, clipped where that is wanted. */
  readonly up: Vectors;
}

/** Which sum a message is of. */
export interface Sum {
  readonly session: string;
  readonly weighing: Weighing;
}

/** Which sum a message is of, by its settings. */
export function secureOf({ configs }: Pick<Content, "configs">): Sum {
  const settings = [...configs.values()];
  const text = (name: string): unknown => settings.map((config) => config.get(name)).find((one) => one !== undefined);
  const [session, weighing] = [text(SESSION), text("secure-weighing")];
  if (typeof session !== "string" || !/^[0-9a-f]{32}$/.test(session))
    throw new RangeError(`config: ${SESSION}, got ${typeof session}, expected 32 hexadecimal digits`);
  if (weighing !== "examples" && weighing !== "alike")
    throw new RangeError(`config: secure-weighing, got ${String(weighing).slice(0, 40)}, expected examples or alike`);
  return { session, weighing };
}

/** One client's answers; at most one sum is under way at a time. */
export class SecureAnswers {
  #member: Member | undefined;
  #session = "";
  #told: Told | undefined;

  /** Whether a message is of a masked sum. */
  static isOne(messageType: string): boolean {
    return (Object.values(STAGES) as string[]).includes(messageType);
  }

  /** The answer to one; `train` does the turn. */
  async answer(
    messageType: string,
    { session, weighing }: Sum,
    part: Participant,
    arrays: Arrays,
    train: () => Promise<Told>,
  ): Promise<{ readonly content: FlowerObject; readonly reply?: Reply }> {
    if (messageType === STAGES.keys && session !== this.#session)
      [this.#member, this.#session, this.#told] = [await Member.join(part.client, session), session, undefined];
    const member = this.#member;
    if (!member || session !== this.#session)
      throw new RangeError(
        `secure: session, got ${session.slice(0, 12)}, expected ${this.#session.slice(0, 12) || "one whose keys were asked for"}; ` +
          `this client has begun anew and is out of the round`,
      );
    switch (messageType) {
      case STAGES.keys:
        return { content: await contentOf(rowsOut("keys", new Map([[part.client, member.keys]]))) };
      case STAGES.shares: {
        const sent = await member.share(rosterOf(rowsIn("keys", arrays, 2 * PUBLIC_BYTES)));
        return { content: await contentOf(rowsOut("letters", sent)) };
      }
      case STAGES.masked: {
        const letters = rowsIn("letters", arrays, sealedBytes(2 * SHARE_BYTES));
        const elements = await member.mask(letters, async () => {
          this.#told = await train();
          return numbersOf(part, this.#told, weighing);
        });
        const { reply } = this.#told!;
        return { content: await contentOf(elementsOut(elements), reply.kept !== undefined), reply };
      }
      default:
        return { content: await contentOf(rowsOut("revealed", member.reveal(clientsIn("answered", arrays)))) };
    }
  }
}

// vectors by name, then the weight and the training loss, so weighed
function numbersOf({ method, client }: Participant, { reply, up }: Told, weighing: Weighing): Elements {
  const { examples, metrics } = outgoing(method, client, reply, NaN);
  const weight = weighing === "alike" ? 1 : examples;
  const loss = metrics["trainLoss"];
  if (loss === undefined)
    throw new RangeError(`secure: trainLoss, got none, expected that of client ${client}'s training`);
  return flat([
    // in the order of their names, as the server takes them apart
    ...Object.keys(up)
      .toSorted()
      .map((name) => [name, up[name]!, weight] as const),
    ["examples", [examples], 1],
    ["weight", [weight], 1],
    ["trainLoss", [loss], examples],
  ]);
}

async function contentOf(arrays: readonly (readonly [string, TensorData])[], kept = false): Promise<FlowerObject> {
  const entries: [string, FlowerObject][] = [];
  for (const [name, { shape, data }] of arrays)
    entries.push([name, await arrayObject(shape, data as Uint8Array | Uint32Array)]);
  return recordObject("RecordDict", [
    ["arrays", await recordObject("ArrayRecord", entries)],
    ["metrics", await metricsObject({ "num-examples": 0 })],
    ["config", await configObject({ kept })],
  ]);
}
