// One client's part in a method, as its node has it: what it may send, and what it answers.
import { atBench, type Bench, replyOf, scoresOf } from "../../hosts/bench.ts";
import type { Method, Metrics, Reply, Vectors } from "../../method.ts";
import type { TensorSpec } from "../../../nn/parameters.ts";

/** What a client is asked, and what it kept of its last turn. */
export interface Asked {
  /** From 0. */
  readonly round: number;
  /** What the client was sent, by name. */
  readonly down: Vectors;
  /** What it kept of its last turn. */
  readonly kept: Vectors;
  /** The share of its epochs that it is to do, 1 for all. */
  readonly effort: number;
}

/** Scalars a client measured; `examples` is their weight. */
export interface Scores {
  /** How many rows they are over. */
  readonly examples: number;
  /** Numbers by name. */
  readonly metrics: Metrics;
}

/** A client's part in one method. */
export interface Participant {
  /** The client, by its number. */
  readonly client: number;
  /** The method's declaration. */
  readonly method: Pick<Method, "name" | "sends" | "receives" | "keeps" | "differences" | "measures">;
  /** The tensors of the vector `model`, in their order: servers that know no method have them by name. */
  readonly tensors: readonly TensorSpec[];
  /** What a server begins with, the same at every client. */
  initial(): Vectors;
  /** A turn of training. */
  train(asked: Asked): Promise<Reply> | Reply;
  /** How well it does with what it was sent. */
  evaluate(asked: Asked): Promise<Scores> | Scores;
}

/** A client of a method that is at work in this thread. */
export function participantAt(bench: Bench, client: number, tensors: readonly TensorSpec[]): Participant {
  return {
    client,
    method: bench.method,
    tensors,
    initial: () => bench.side.initial(),
    train: ({ round, ...asked }) =>
      atBench(bench, round, { client, ...asked }, async (turn) => {
        const reply = await replyOf(bench, turn);
        return { ...reply, examples: reply.examples ?? turn.own.train.count };
      }),
    evaluate: ({ round, ...asked }) => atBench(bench, round, { client, ...asked }, (turn) => scoresOf(bench, turn)),
  };
}
