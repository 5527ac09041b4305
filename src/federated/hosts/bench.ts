// A method at work in one thread, and one client's turn there: its rows are staged for it and let go after it.
import { asValidation, type Task, taskMetricsSteps } from "../../nn/task.ts";
import { validationSteps } from "../../nn/validate.ts";
import { fold, type Key } from "../../runtime/random.ts";
import { finish, type Steps } from "../../runtime/steps.ts";
import type { Evaluation, Answers, ClientSide, Method, Own, Reply, Turn, Vectors } from "../method.ts";
import type { Order } from "./host.ts";

/** How clients hide what they send, where they do: see privacy/hiding.ts. */
export interface Hiding {
  /** What a client kept, as its method is to see it. */
  rest(kept: Vectors): Vectors;
  /** Begins a turn, or says that the client's budget has no room for it; what comes back hides the answer, once there is one. */
  begin(call: Call, round: number): (up: Vectors) => { readonly up: Vectors; readonly account: Vectors };
}

/** A method at work in one thread. */
export interface Bench {
  /** What of its declaration a host goes by. */
  readonly method: Pick<Method, "name" | "sends" | "receives" | "keeps" | "differences" | "measures">;
  /** Its client side, made for this thread. */
  readonly side: ClientSide;
  /** How many classes, or outputs. */
  readonly classes: number;
  /** What models are asked for; classes unless said. */
  readonly task?: Task | undefined;
  /** The address of the federation's random numbers. */
  readonly key: Key;
  /** Left out, clients send what they have. A node of a deployment hides by itself. */
  readonly hiding?: Hiding | undefined;
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
    const seen = bench.hiding?.rest(kept) ?? kept;
    return await work({ client, round, down, kept: seen, own, effort, key: turnKey(bench.key, client, round) });
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
export async function scoresOf({ side, classes, task, run = finish }: Bench, turn: Turn): Promise<Evaluation> {
  const answers = side.answers(turn);
  const { own } = isDone(answers) ? answers : await run(answers);
  const { validation: examples } = turn.own;
  const { loss, accuracy } = task
    ? asValidation(task, await run(taskMetricsSteps(task, own, examples, classes)))
    : await run(validationSteps({ predict: own }, examples, classes));
  return { client: turn.client, examples: examples.count, metrics: { loss, accuracy } };
}

const isDone = (answers: Answers | Steps<Answers>): answers is Answers => "own" in answers;
