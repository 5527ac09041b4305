// The rounds of a vertical federation: one is a pass over the rows, whose every batch is two exchanges with the parties that the gate
// chooses. What goes on from a round's end is the same bits as what was never stopped.
import { persistent, view } from "../../autograd/tensor.ts";
import { checkOptions, COUNT, SHARE } from "../../runtime/options.ts";
import { epochBatches, type Validation } from "../../nn/fit.ts";
import { EVALUATE } from "../../nn/module.ts";
import { validation } from "../../nn/validate.ts";
import { fold, type Key, Stream } from "../../runtime/random.ts";
import type { Host } from "../hosts/host.ts";
import type { Active } from "./active.ts";
import { type Asked, Exchange } from "./exchange.ts";

/** What a round came to. */
export interface VerticalRound {
  /** The round, which counts from 0. */
  readonly round: number;
  /** Mean over the rows that were trained on. */
  readonly trainLoss: number;
  /** What every party was asked for so far. */
  readonly asked: readonly Asked[];
}

/** Who takes part, and how long. */
export interface VerticalRounds {
  readonly active: Active;
  /** The other parties. */
  readonly host: Host;
  readonly rounds: number;
  readonly batchSize: number;
  readonly width: number;
  /** The part of the rows that is trained on; all unless said. */
  readonly share?: number;
  /** The address of orders, noise and masks. */
  readonly key: Key;
  /** Rounds that are done, and what every party was asked for in them. */
  readonly from: { readonly round: number; readonly asked: readonly Asked[] };
  readonly onRound?: (report: VerticalRound) => Promise<void> | void;
  /** Aborting it ends the federation after a round. */
  readonly signal?: AbortSignal | undefined;
}

/** Nothing asked of so many parties. */
export function unasked(parties: number): Asked[] {
  return Array.from({ length: parties }, () => ({ down: 0, up: 0, rows: 0 }));
}

/** Runs rounds until they are done, or `signal` aborts; returns how many are done. */
export async function runVertical(options: VerticalRounds): Promise<number> {
  const { active, host, rounds, batchSize, width, share = 1, key, from, onRound, signal } = options;
  checkOptions("vertical", { rounds, batchSize }, { rounds: COUNT, batchSize: COUNT });
  if (share !== 1) checkOptions("vertical", { share }, { share: SHARE });
  const { train } = active.examples;
  const exchange = new Exchange(host, width, from.asked);
  const used = Math.max(1, Math.round(share * train.count));
  const rows = share === 1 ? undefined : new Stream(fold(key, "share")).choose(train.count, used);
  const steps = Math.ceil(used / batchSize);
  let { round } = from;
  const aborted = (): boolean => signal?.aborted ?? false;
  for (; round < rounds && !aborted(); round++) {
    let [total, at] = [0, round * steps];
    for (const { rows: batch, mode } of epochBatches({
      examples: train,
      batchSize,
      key: fold(key, "round", round),
      rows,
    })) {
      const places = active.choose("train", batch, mode);
      const embeddings = await exchange.ask("train", batch.toArray(), places, at);
      const { loss, gradients } = active.learn(batch, mode, places, embeddings);
      await exchange.tell(gradients, at);
      total += loss * batch.size;
      at++;
    }
    await onRound?.({ round, trainLoss: total / used, asked: exchange.asked });
  }
  return round;
}

// rows of one question
const ROWS = 128;

/** Loss and accuracy on the rows to answer, and what was asked of every party for it. */
export async function answerVertical({
  active,
  host,
  width,
  parties,
  classes,
}: Pick<VerticalRounds, "active" | "host" | "width"> & { readonly parties: number; readonly classes: number }): Promise<
  Validation & { readonly asked: readonly Asked[] }
> {
  const { test } = active.examples;
  const exchange = new Exchange(host, width, unasked(parties));
  const logp = new Float32Array(test.count * classes);
  const order = persistent([test.count], "i32").set(Int32Array.from({ length: test.count }, (_, i) => i));
  try {
    for (let from = 0; from < test.count; from += ROWS) {
      const rows = view(order, from, [Math.min(ROWS, test.count - from)]);
      const places = active.choose("test", rows, EVALUATE);
      const embeddings = await exchange.ask("test", rows.toArray(), places, from / ROWS);
      logp.set(active.answer(rows, places, embeddings), from * classes);
    }
  } finally {
    order.dispose();
  }
  return { ...validation(logp, test.labels, classes), asked: exchange.asked };
}
