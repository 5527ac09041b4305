// Clients on a pool: in this thread, on workers, in Web Workers. What they keep lies with the pool's owner, goes along with
// every call and comes back with its answer, so it does not matter which thread a client's next turn is on.
import { failure, isRejection, type Rejection } from "../admission.ts";
import type { Pool } from "../../runtime/pool.ts";
import { turn as rest } from "../../runtime/steps.ts";
import type { Turn, Update, Vectors } from "../method.ts";
import { outgoing } from "../outgoing.ts";
import type { States } from "../states.ts";
import { atBench, type Bench, type Call, replyOf, scoresOf } from "./bench.ts";
import type { Evaluation, Host, Order } from "./host.ts";

/** Turns of one federation, one after another. */
interface List {
  /** Whose, where a pool serves several. */
  readonly federation: string;
  readonly round: number;
  readonly calls: readonly Call[];
}

type Answer = (Update & { readonly kept: Vectors | undefined }) | Rejection;

/** What a worker answers: a list of turns, one after another. */
export type ClientCalls = {
  train: (list: List) => Promise<Answer[]>;
  evaluate: (list: List) => Promise<(Evaluation | Rejection)[]>;
};

const REST_MS = 8;

/** The calls that do clients' work on this thread, and know nothing of where their state lies. */
export function clientCalls(of: Bench | ((federation: string) => Bench)): ClientCalls {
  const benchOf = typeof of === "function" ? of : (): Bench => of;
  // a client's failure is its own: the others of the list go on
  async function each<T>(
    { federation, round, calls }: List,
    work: (turn: Turn, bench: Bench) => Promise<T>,
  ): Promise<(T | Rejection)[]> {
    const bench = benchOf(federation);
    const answers: (T | Rejection)[] = [];
    let rested = performance.now();
    for (const call of calls) {
      try {
        answers.push(await atBench(bench, round, call, (turn) => work(turn, bench)));
      } catch (error) {
        answers.push(failure(call.client, error));
      }
      // timers and signals are heard between clients, but not between ones that take no time
      if (performance.now() - rested > REST_MS) {
        await rest();
        rested = performance.now();
      }
    }
    return answers;
  }
  return {
    train: (list) =>
      each(list, async (turn, bench) => {
        const reply = await replyOf(bench, turn);
        const sent = outgoing(bench.method, turn.client, reply, turn.own.train.count);
        return { client: turn.client, ...sent, kept: reply.kept };
      }),
    evaluate: (list) => each(list, (turn, bench) => scoresOf(bench, turn)),
  };
}

export class PoolHost implements Host {
  readonly #pool: Pool<ClientCalls>;
  readonly #states: States;
  readonly #federation: string;

  /** @param federation whose clients, where the pool serves several */
  constructor(pool: Pool<ClientCalls>, states: States, federation = "") {
    this.#pool = pool;
    this.#states = states;
    this.#federation = federation;
  }

  async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    const answers = (await this.#pool.map("train", await this.#lists(orders, round))).flat();
    const updates: (Update | Rejection)[] = [];
    for (const answer of answers) {
      if (isRejection(answer)) updates.push(answer);
      else {
        const { kept, ...update } = answer;
        if (kept) await this.#states.put(update.client, round, kept);
        updates.push(update);
      }
    }
    return updates;
  }

  async evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]> {
    return (await this.#pool.map("evaluate", await this.#lists(orders, round))).flat();
  }

  // one list for each worker: a vector that all are sent crosses to a worker once
  async #lists(orders: readonly Order[], round: number): Promise<List[]> {
    const calls = await Promise.all(
      orders.map(async (order) => ({ ...order, kept: await this.#states.get(order.client) })),
    );
    const size = Math.ceil(calls.length / this.#pool.size);
    return Array.from({ length: Math.min(this.#pool.size, calls.length) }, (_, i) => ({
      federation: this.#federation,
      round,
      calls: calls.slice(i * size, (i + 1) * size),
    })).filter((list) => list.calls.length > 0);
  }
}
