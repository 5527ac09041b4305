// Clients on a pool: in this thread, on workers, in Web Workers. What they keep lies with the pool's owner, goes along with
// every call and comes back with its answer, so it does not matter which thread a client's next turn is on.
import { predictSteps } from "../../nn/predict.ts";
import { validation } from "../../nn/validate.ts";
import type { Pool } from "../../runtime/pool.ts";
import { fold, type Key } from "../../runtime/random.ts";
import { finish, type Steps, turn as rest } from "../../runtime/steps.ts";
import {
  type Answers,
  checkSent,
  type ClientSide,
  type Method,
  type Own,
  type Reply,
  type Turn,
  type Update,
  type Vectors,
} from "../method.ts";
import type { States } from "../states.ts";
import type { Evaluation, Failure, Host, Order } from "./host.ts";

/** A method at work in one thread. */
export interface Bench {
  readonly method: Pick<Method, "name" | "sends">;
  readonly side: ClientSide;
  readonly classes: number;
  /** The address of the federation's random numbers. */
  readonly key: Key;
  /** A client's rows for one call; throws for a client that has opted out. */
  stage(client: number, round: number): Own & { dispose(): void };
  /** Runs a turn's steps; to their end at once, unless somebody else is to get the thread in between. */
  run?<T>(steps: Steps<T>): T | Promise<T>;
}

interface Call extends Order {
  readonly kept: Vectors;
}

type Answer = (Update & { readonly kept: Vectors | undefined }) | Failure;

/** What a worker answers: a list of turns, one after another. */
export type ClientCalls = {
  train: (list: { round: number; calls: readonly Call[] }) => Promise<Answer[]>;
  evaluate: (list: { round: number; calls: readonly Call[] }) => Promise<(Evaluation | Failure)[]>;
};

/** The calls that do clients' work on this thread, and know nothing of where their state lies. */
export function clientCalls({ method, side, classes, key, stage, run = finish }: Bench): ClientCalls {
  const turnOf = ({ client, down, kept, effort = 1 }: Call, round: number, own: Own): Turn => ({
    client,
    round,
    down,
    kept,
    own,
    effort,
    key: fold(key, "train", client, round),
  });
  // a client's failure is its own: the others of the list go on
  async function each<T>(
    { round, calls }: { round: number; calls: readonly Call[] },
    work: (turn: Turn) => Promise<T>,
  ): Promise<(T | Failure)[]> {
    const answers: (T | Failure)[] = [];
    for (const call of calls) {
      try {
        const own = stage(call.client, round);
        try {
          answers.push(await work(turnOf(call, round, own)));
        } finally {
          own.dispose();
        }
      } catch (error) {
        const { message, stack } = error instanceof Error ? error : new Error(String(error));
        answers.push({ client: call.client, failed: message, stack });
      }
      await rest();
    }
    return answers;
  }
  return {
    train: (list) =>
      each(list, async (turn) => {
        const { up, kept, examples = turn.own.train.count, metrics }: Reply = await run(side.train(turn));
        checkSent(method, turn.client, up);
        return { client: turn.client, up, kept, examples, metrics };
      }),
    evaluate: (list) =>
      each(list, async (turn) => {
        const answers = side.answers(turn);
        const { own } = isDone(answers) ? answers : await run(answers);
        const { validation: examples } = turn.own;
        const logp = await run(predictSteps(examples, classes, own));
        const { loss, accuracy } = validation(logp.toArray(), examples.labels, classes);
        logp.dispose();
        return { client: turn.client, examples: examples.count, metrics: { loss, accuracy } };
      }),
  };
}

const isDone = (answers: Answers | Steps<Answers>): answers is Answers => "own" in answers;

export class PoolHost implements Host {
  readonly #pool: Pool<ClientCalls>;
  readonly #states: States;

  constructor(pool: Pool<ClientCalls>, states: States) {
    this.#pool = pool;
    this.#states = states;
  }

  async train(orders: readonly Order[], round: number): Promise<(Update | Failure)[]> {
    const answers = (await this.#pool.map("train", await this.#lists(orders, round))).flat();
    const updates: (Update | Failure)[] = [];
    for (const answer of answers) {
      if ("failed" in answer) updates.push(answer);
      else {
        const { kept, ...update } = answer;
        if (kept) await this.#states.put(update.client, round, kept);
        updates.push(update);
      }
    }
    return updates;
  }

  async evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Failure)[]> {
    return (await this.#pool.map("evaluate", await this.#lists(orders, round))).flat();
  }

  // one list for each worker: a vector that all are sent crosses to a worker once
  async #lists(orders: readonly Order[], round: number): Promise<{ round: number; calls: Call[] }[]> {
    const calls = await Promise.all(
      orders.map(async (order) => ({ ...order, kept: await this.#states.get(order.client) })),
    );
    const size = Math.ceil(calls.length / this.#pool.size);
    return Array.from({ length: Math.min(this.#pool.size, calls.length) }, (_, i) => ({
      round,
      calls: calls.slice(i * size, (i + 1) * size),
    })).filter((list) => list.calls.length > 0);
  }
}
