// Clients that are nodes of a Flower federation. What they keep lies with them, on their own disks; here is known only which
// round's state each is at, so that a turn that is asked for again begins where it began, and a round loop that goes back to
// a checkpoint has its clients go back with it.
import { isRejection, oneLine, type Rejection } from "../../admission.ts";
import type { Host, Order } from "../../hosts/host.ts";
import type { Evaluation, Metrics, Update, Vector, Vectors } from "../../method.ts";
import type { States } from "../../states.ts";
import type { Messenger, Question } from "./messenger.ts";
import type { Posted, Replied, Settings } from "./relay.ts";

export interface FlowerHostOptions {
  readonly messenger: Messenger;
  readonly method: string;
  /** Names the federation: 32 hexadecimal digits. */
  readonly federation: string;
  /** What clients and server must have alike. */
  readonly terms?: string | undefined;
  /** Which round's state each client is at: the states themselves are empty here. */
  readonly states: States;
}

// what is known of a state that lies elsewhere
const ELSEWHERE: Vectors = {};

export class FlowerHost implements Host {
  readonly #options: FlowerHostOptions;

  constructor(options: FlowerHostOptions) {
    this.#options = options;
  }

  async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    const { messenger, states } = this.#options;
    const answers = await messenger.ask(this.#questions("train", orders, round));
    const updates: (Update | Rejection)[] = [];
    for (const [i, answer] of answers.entries()) {
      const { client } = orders[i]!;
      const update = isRejection(answer) ? answer : updateOf(client, answer);
      if (!isRejection(update) && !isRejection(answer) && answer.config["kept"] === true)
        await states.put(client, round, ELSEWHERE);
      updates.push(update);
    }
    return updates;
  }

  async evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]> {
    const answers = await this.#options.messenger.ask(this.#questions("evaluate", orders, round));
    return answers.map((answer, i) =>
      isRejection(answer) ? answer : { client: orders[i]!.client, ...scalarsOf(answer) },
    );
  }

  #questions(type: string, orders: readonly Order[], round: number): Question[] {
    const { method, federation, terms, states } = this.#options;
    const { marks, needed } = states;
    return orders.map(({ client, down, effort }) => ({
      client,
      type,
      arrays: arraysOf(down),
      config: {
        ...greeting({ method, federation, terms }),
        // Flower's rounds count from 1
        "server-round": round + 1,
        "needed-rounds": (needed.get(client) ?? []).join(),
        ...(marks[client] !== undefined && { "kept-round": marks[client] }),
        ...(effort !== undefined && { effort }),
      },
    }));
  }
}

/** What is said in every message of a method. */
export function greeting({
  method,
  federation,
  terms,
}: Pick<FlowerHostOptions, "method" | "federation" | "terms">): Settings {
  return { method, federation, ...(terms !== undefined && { terms }) };
}

/** Vectors as they are posted: one that many are sent is the same object in all. */
export function arraysOf(vectors: Vectors, prefix = ""): Posted["arrays"] {
  return Object.entries(vectors).map(([name, data]) => [`${prefix}${name}`, { shape: [data.length], data }]);
}

function updateOf(client: number, reply: Replied): Update | Rejection {
  const up: Record<string, Vector> = {};
  for (const [name, { data }] of reply.arrays) {
    if (!(data instanceof Float32Array || data instanceof Float64Array))
      return {
        client,
        fault: "malformed",
        reason: oneLine(`${name}, got ${data.constructor.name}, expected float32 or float64`),
      };
    up[name] = data;
  }
  return { client, up, ...scalarsOf(reply) };
}

// as a node says: the loop looks at them before it goes by them
function scalarsOf({ metrics }: Replied): { examples: number; metrics: Metrics } {
  const { "num-examples": examples, ...rest } = metrics as Record<string, number>;
  return { examples: examples!, metrics: rest };
}
