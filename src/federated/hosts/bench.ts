// A method at work in one thread, and one client's turn there: its rows are staged for it and let go after it.
import { predictSteps } from "../../nn/predict.ts";
import { validation } from "../../nn/validate.ts";
import { fold, type Key } from "../../runtime/random.ts";
import { finish, type Steps } from "../../runtime/steps.ts";
import type { Answers, ClientSide, Method, Own, Reply, Turn, Vectors } from "../method.ts";
import type { Evaluation, Order } from "./host.ts";

/** A method at work in one thread. */
export interface Bench {
  readonly method: Pick<Method, "name" | "sends" | "receives" | "keeps" | "differences" | "measures">;
  readonly side: ClientSide;
  readonly classes: number;
  /** The address of the federation's random numbers. */
  readonly key: Key;
  /** A client's rows for one call; throws for a client that has opted out. */
  stage(client: number, round: number): Own & { dispose(): void };
  /** Runs a turn's steps; to their end at once, unless somebody else is to get the thread in between. */
  run?<T>(steps: Steps<T>): T | Promise<T>;
  /** Looks on; changes no number. */
  readonly watch?: { begins(turn: Turn): void; ends(turn: Turn, reply: Reply): void };
}

/** What a client is asked, and what it kept of its last turn. */
export interface Call extends Order {
  readonly kept: Vectors;
}

/** The address of a turn's random numbers, below its federation's. */
export function turnKey(key: Key, client: number, round: number): Key {
  return fold(key, "train", client, round);
}

/** Does a client's work in a round, on its own rows. */
export async function atBench<T>(
  bench: Bench,
  round: number,
  { client, down, kept, effort = 1 }: Call,
  work: (turn: Turn) => T | Promise<T>,
): Promise<T> {
  const own = bench.stage(client, round);
  try {
    return await work({ client, round, down, kept, own, effort, key: turnKey(bench.key, client, round) });
  } finally {
    own.dispose();
  }
}

/** What a client answers to a turn of training. */
export async function replyOf({ side, run = finish, watch }: Bench, turn: Turn): Promise<Reply> {
  watch?.begins(turn);
  const reply = await run(side.train(turn));
  watch?.ends(turn, reply);
  return reply;
}

/** What whoever answers for a client is worth on its validation rows. */
export async function scoresOf({ side, classes, run = finish }: Bench, turn: Turn): Promise<Evaluation> {
  const answers = side.answers(turn);
  const { own } = isDone(answers) ? answers : await run(answers);
  const { validation: examples } = turn.own;
  const logp = await run(predictSteps(examples, classes, own));
  const { loss, accuracy } = validation(logp.toArray(), examples.labels, classes);
  logp.dispose();
  return { client: turn.client, examples: examples.count, metrics: { loss, accuracy } };
}

const isDone = (answers: Answers | Steps<Answers>): answers is Answers => "own" in answers;
