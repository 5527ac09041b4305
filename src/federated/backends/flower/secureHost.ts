// Rounds of which the server sees sums alone: clients that are nodes of a Flower federation mask what they send, and what comes out is their
// weighted mean. Four messages a round; who does not answer one of them is out of it, and the others go on as long as enough stay.
import { isRejection, type Rejection } from "../../admission.ts";
import { Around } from "../../hosts/around.ts";
import type { Host, Order } from "../../hosts/host.ts";
import type { Update, Vector, Vectors } from "../../method.ts";
import { MOST_EXAMPLES } from "../../outgoing.ts";
import { type Bytes, PUBLIC_BYTES, random, sealedBytes, SHARE_BYTES } from "../../secure/keys.ts";
import { FEWEST, MOST } from "../../secure/member.ts";
import { type Elements, fromRing } from "../../secure/ring.ts";
import { checkEnough, unmasked } from "../../secure/sum.ts";
import type { States } from "../../states.ts";
import { arraysOf, greeting } from "./host.ts";
import type { FlowerHostOptions } from "./host.ts";
import type { Posted, Replied } from "./relay.ts";
import { clientsOut, elementsIn, rosterOf, rowsIn, rowsOut, SESSION, STAGES } from "./secureLetters.ts";
import type { Weighing } from "./secureTrainer.ts";

export interface SecureHostOptions extends FlowerHostOptions {
  /** Validates, and has what clients keep. */
  readonly plain: Host;
  readonly weighing: Weighing;
  /** What clients send, by name: see Method.sends. */
  readonly sends: readonly string[];
  readonly states: States;
}

type Ask = (
  type: string,
  to: readonly number[],
  say: (client: number) => Posted["arrays"],
) => Promise<Map<number, Replied>>;

export class SecureHost extends Around {
  readonly #options: SecureHostOptions;

  constructor(options: SecureHostOptions) {
    super(options.plain);
    this.#options = options;
  }

  /** All of a cohort: a sum of a part of it would tell more. */
  override atOnce(): number {
    return MOST;
  }

  override async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    if (orders.length < FEWEST || orders.length > MOST)
      throw new RangeError(
        `secure: clients of round ${round}, got ${orders.length}, expected ${FEWEST} to ${MOST} for a sum that tells nobody's part; change federation.cohort`,
      );
    const downOf = new Map(orders.map((order) => [order.client, order]));
    const clients = [...downOf.keys()];
    const session = [...random(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const out = new Map<number, Rejection>();
    const ask = this.#asking(round, session, downOf, out);
    const read = <T>(
      of: ReadonlyMap<number, Replied>,
      reading: (reply: Replied, client: number) => T,
    ): Map<number, T> => {
      const found = new Map<number, T>();
      for (const [client, reply] of of)
        try {
          found.set(client, reading(reply, client));
        } catch (error) {
          out.set(client, { client, fault: "malformed", reason: (error as Error).message });
        }
      return found;
    };

    const keys = read(await ask(STAGES.keys, clients, () => []), ({ arrays }, client) =>
      rowOf(rowsIn("keys", arrays, 2 * PUBLIC_BYTES), client),
    );
    checkEnough(keys.size, clients.length, "sent keys");
    const roster = rosterOf(keys);
    if (roster.length < FEWEST) checkEnough(0, FEWEST, "sent keys");
    const sharing = [...keys.keys()];
    const said = rowsOut("keys", keys);
    const letters = read(await ask(STAGES.shares, sharing, () => said), ({ arrays }) =>
      rowsIn("letters", arrays, sealedBytes(2 * SHARE_BYTES)),
    );
    checkEnough(letters.size, roster.length, "sent shares");
    const masking = sharing.filter((client) => letters.has(client));
    const lettersTo = (client: number): Map<number, Bytes> =>
      new Map(masking.flatMap((from) => (from === client ? [] : [[from, rowOf(letters.get(from)!, client)]])));
    const answers = await ask(STAGES.masked, masking, (client) => [
      ...arraysOf(downOf.get(client)!.down),
      ...rowsOut("letters", lettersTo(client)),
    ]);
    let length: number | undefined;
    const masked = read(answers, ({ arrays }) => {
      const elements = elementsIn(arrays);
      length ??= elements.length;
      if (elements.length !== length)
        throw new RangeError(`secure: masked, got ${elements.length / 2} numbers, expected ${length / 2}`);
      return elements;
    });
    checkEnough(masked.size, roster.length, "answered");
    const answered = [...masked.keys()];
    const revealed = read(await ask(STAGES.reveal, answered, () => clientsOut("answered", answered)), ({ arrays }) => {
      const shares = rowsIn("revealed", arrays, SHARE_BYTES);
      for (const client of masking) rowOf(shares, client);
      return shares;
    });
    // who answered is in the sum, whether it stayed to the end or not
    for (const client of answered) out.delete(client);
    const sum = await unmasked({ session, roster, sharing: masking, masked, revealed });
    for (const client of answered)
      if (answers.get(client)!.config["kept"] === true) await this.#options.states.put(client, round, {});
    return this.#updates(clients, downOf.get(answered[0]!)!.down, sum, masked, out);
  }

  #asking(round: number, session: string, orders: ReadonlyMap<number, Order>, out: Map<number, Rejection>): Ask {
    const { messenger, method, federation, terms, states, weighing } = this.#options;
    return async (type, to, say) => {
      const { marks, needed } = states;
      const answers = await messenger.ask(
        to.map((client) => ({
          client,
          type,
          arrays: say(client),
          config: {
            ...greeting({ method, federation, terms }),
            "server-round": round + 1,
            "needed-rounds": (needed.get(client) ?? []).join(),
            ...(marks[client] !== undefined && { "kept-round": marks[client] }),
            ...(orders.get(client)?.effort !== undefined && { effort: orders.get(client)!.effort! }),
            [SESSION]: session,
            "secure-weighing": weighing,
          },
        })),
      );
      const found = new Map<number, Replied>();
      for (const [i, answer] of answers.entries())
        if (isRejection(answer)) out.set(to[i]!, answer);
        else found.set(to[i]!, answer);
      return found;
    };
  }

  // the mean as the first one's answer with everybody's weight, and no weight for the others: to whoever adds them up it is the same
  #updates(
    clients: readonly number[],
    down: Vectors,
    sum: Elements,
    masked: ReadonlyMap<number, Elements>,
    out: ReadonlyMap<number, Rejection>,
  ): (Update | Rejection)[] {
    const numbers = sum.length / 2;
    const [examples, weight, loss] = fromRing(sum.slice(2 * (numbers - 3)), 1);
    const values = fromRing(sum.slice(0, 2 * (numbers - 3)), weight!);
    const sends = this.#options.sends.toSorted();
    const up: Record<string, Vector> = {};
    let at = 0;
    for (const name of sends) {
      const before = down[name]!;
      const own = values.slice(at, (at += before.length));
      up[name] = before instanceof Float64Array ? own : Float32Array.from(own);
    }
    if (at !== values.length)
      throw new RangeError(`secure: masked, got ${values.length} numbers, expected the ${at} of ${sends.join(", ")}`);
    let first = true;
    return clients.map((client) => {
      const elements = masked.get(client);
      if (!elements) return out.get(client) ?? { client, fault: "silent", reason: "it sent no masked numbers" };
      const update = {
        client,
        up,
        examples: first ? Math.min(Math.round(examples!), MOST_EXAMPLES) : 0,
        metrics: { trainLoss: first && examples! > 0 ? loss! / examples! : 0 },
        sent: { masked: elements },
      };
      first = false;
      return update;
    });
  }
}

function rowOf(rows: ReadonlyMap<number, Bytes>, client: number): Bytes {
  const row = rows.get(client);
  if (!row) throw new RangeError(`secure: got nothing of client ${client}, expected a row of its own`);
  return row;
}
