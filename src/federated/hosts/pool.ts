// Clients on a pool: in this thread, on workers, in Web Workers. What they keep lies with the pool's owner, goes along with
// every call and comes back with its answer, so it does not matter which thread a client's next turn is on.
import { failure, isRejection, type Rejection } from "../admission.ts";
import { moving, type Pool } from "../../runtime/pool.ts";
import { turn as rest } from "../../runtime/steps.ts";
import type { Evaluation, Turn, Update, Vectors } from "../method.ts";
import { outgoing } from "../outgoing.ts";
import { arrived, departures, giveSpares, keep, takeBack } from "../spares.ts";
import type { States } from "../states.ts";
import { atBench, type Bench, type Call, replyOf, scoresOf } from "./bench.ts";
import type { Host, Order } from "./host.ts";

/** Turns of one federation, one after another. */
interface List {
  /** Whose, where a pool serves several. */
  readonly federation: string;
  readonly round: number;
  readonly calls: readonly Call[];
  /** Memory for what will be sent, where it comes from another thread. */
  readonly spares?: readonly ArrayBuffer[];
}

/** With what the client keeps, and the names of vectors whose memory comes along. */
type Answer = (Update & { readonly kept: Vectors | undefined; readonly departing?: readonly string[] }) | Rejection;

/** What a worker answers: a list of turns, one after another. */
export type ClientCalls = {
  /** A turn of training of one client. */
  train: (list: List) => Promise<Answer[]>;
  /** How well one client does. */
  evaluate: (list: List) => Promise<(Evaluation | Rejection)[]>;
};

const REST_MS = 8;

// what is on its way at once: in this thread what stays in its caches, on others a fourth of a round, so that they train while answers
// are taken in, and enough to keep them all busy; of large models no more than spares.ts keeps the memory of, three times over, as
// two parts are under way while one is taken in
const NEAR_BYTES = 2 ** 21;
const APART_BYTES = 2 ** 24;
const NEAR_LEAST = 8;
const APART_LEAST = 2;
const APART_PARTS = 4;
const MOST = 1024;

/** The calls that do clients' work on this thread, and know nothing of where their state lies. */
export function clientCalls(of: Bench | ((federation: string) => Bench)): ClientCalls {
  const benchOf = typeof of === "function" ? of : (): Bench => of;
  let rested = performance.now();
  // a client's failure is its own: the others of the list go on
  async function each<T>(
    { federation, round, calls }: List,
    work: (turn: Turn, bench: Bench, call: Call) => Promise<T>,
  ): Promise<(T | Rejection)[]> {
    const bench = benchOf(federation);
    const answers: (T | Rejection)[] = [];
    for (const call of calls) {
      try {
        answers.push(await atBench(bench, round, call, (turn) => work(turn, bench, call)));
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
    train: async (list) => {
      for (const spare of list.spares ?? []) keep(spare);
      const answers = await each(list, async (turn, bench, call) => {
        const { client } = turn;
        const hide = bench.hiding?.begin(call, turn.round);
        const reply = await replyOf(bench, turn);
        const sent = outgoing(bench.method, client, reply, turn.own.train.count);
        if (!hide) return { client, ...sent, kept: reply.kept, departing: departures(sent.up) };
        const { up, account } = hide(sent.up);
        return { client, ...sent, up, kept: { ...(reply.kept ?? turn.kept), ...account }, departing: [] };
      });
      return moving(
        answers,
        answers.flatMap((answer) =>
          isRejection(answer) ? [] : answer.departing.map((name) => answer.up[name]!.buffer as ArrayBuffer),
        ),
      );
    },
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

  get apart(): boolean {
    return this.#pool.apart ?? false;
  }

  atOnce(bytes: number, orders: number): number {
    const { apart = false, size } = this.#pool;
    const fits = (apart ? APART_BYTES : NEAR_BYTES) / Math.max(1, bytes);
    const wanted = apart ? Math.min(fits, Math.ceil(orders / APART_PARTS)) : fits;
    return Math.floor(Math.min(MOST, Math.max(wanted, apart ? APART_LEAST * size : NEAR_LEAST)));
  }

  spent({ up }: Update): void {
    takeBack(up);
  }

  async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    const lists = await this.#lists(orders, round);
    if (this.#pool.apart) for (const [i, list] of lists.entries()) lists[i] = supplied(list);
    const answers = (await this.#pool.map("train", lists)).flat();
    const updates: (Update | Rejection)[] = [];
    for (const answer of answers) {
      if (isRejection(answer)) updates.push(answer);
      else {
        const { kept, departing = [], ...update } = answer;
        if (this.#pool.apart) arrived(departing.map((name) => update.up[name]!));
        if (kept) await this.#states.put(update.client, round, kept);
        updates.push(update);
      }
    }
    return updates;
  }

  async evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]> {
    return (await this.#pool.map("evaluate", await this.#lists(orders, round))).flat();
  }

  // one list for each worker, as a vector that all are sent crosses to a worker once; turns that do not divide among them go one
  // by one to whoever is done first
  async #lists(orders: readonly Order[], round: number): Promise<List[]> {
    const calls = await Promise.all(
      orders.map(async (order) => ({ ...order, kept: await this.#states.get(order.client) })),
    );
    const { size } = this.#pool;
    const share = Math.max(1, Math.floor(calls.length / size));
    const lists: List[] = [];
    for (let at = 0; at < calls.length;) {
      const some = calls.slice(at, at + (lists.length < size ? share : 1));
      lists.push({ federation: this.#federation, round, calls: some });
      at += some.length;
    }
    return lists;
  }
}

// with memory for what its clients will send
function supplied(list: List): List {
  const spares = giveSpares(list.calls.length);
  return moving({ ...list, spares }, spares);
}
