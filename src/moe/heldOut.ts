// Weights of the fine-tuned model against the generalist that are learnt on validation rows, where neither was fitted.
import type { Tensor } from "../autograd/tensor.ts";
import { negativeLogLikelihood } from "../nn/metrics.ts";
import type { Net } from "../nn/net.ts";
import { fold, type Key } from "../runtime/random.ts";
import { constantAnswers, expertOn } from "./evaluate.ts";
import type { OwnExamples } from "./experts.ts";
import type { ExpertOutput } from "./mixture.ts";
import { trainAnswersGate } from "./stacking.ts";

export interface HeldOutOptions {
  readonly own: OwnExamples;
  readonly output: ExpertOutput;
  readonly generalist: Net;
  readonly key: Key;
}

/**
 * One constant for all inputs (of 0.05, 0.10 .. 0.95 the one with the lowest loss, the first of equals), and a gate over
 * both experts' answers that starts from it; the caller disposes of the gate.
 */
export function heldOutGates(
  { own, output, generalist, key }: HeldOutOptions,
  finetuned: Net,
): { weight: number; stacked: Net<"private"> } {
  const { validation: held, classes } = own;
  const [ls, lg] = [finetuned, generalist].map((net) => expertOn(net, held, classes, output)) as [Tensor, Tensor];
  const rows = Int32Array.from({ length: held.count }, (_, i) => i);
  let best = { h: 0.5, loss: Infinity };
  for (let i = 1; i < 20; i++) {
    const mix = constantAnswers(ls, lg, i / 20);
    const loss = negativeLogLikelihood({ logp: mix.toArray(), classes }, held.labels, rows);
    mix.dispose();
    if (loss < best.loss) best = { h: i / 20, loss };
  }
  const stacked = trainAnswersGate(ls, lg, held.labels, best.h, fold(key, "stacked"));
  ls.dispose();
  lg.dispose();
  return { weight: best.h, stacked };
}
