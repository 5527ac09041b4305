// Who of several experts answers a row, and how much each counts: noisy top-k (Shazeer et al. 2017), Switch (Fedus et al. 2021), expert
// choice (Zhou et al. 2022); and the terms that keep all experts busy. Ties go to the lowest index, so a gate of zeros is no lottery.
import { affine, mul } from "../autograd/ops/arithmetic.ts";
import { add } from "../autograd/ops/add.ts";
import { normalInto } from "../autograd/ops/fill.ts";
import { permute } from "../autograd/ops/permute.ts";
import { where } from "../autograd/ops/select.ts";
import { softplus } from "../autograd/ops/smooth.ts";
import { softmax } from "../autograd/ops/softmax.ts";
import { sum } from "../autograd/ops/sum.ts";
import { oneHot, topK } from "../autograd/ops/take.ts";
import { noGrad } from "../autograd/op.ts";
import { type Tensor, tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT } from "../runtime/options.ts";
import type { Key } from "../runtime/random.ts";

/** 1 where an expert is among a row's k best, else 0; [rows, experts] without history. */
export function kept(logits: Tensor, k: number): Tensor {
  return noGrad(() => sum(oneHot(topK(logits, k).numbers, logits.shape.at(-1)!), { axis: 1 }));
}

/**
 * Weights [rows, experts] of each row's k best, 0 for the others. For k of 2 and more they are a softmax over the k, 1 in all. A single
 * one has its probability among all experts, as a softmax over one would be 1 and teach the gate nothing.
 * @param logits [rows, experts]
 */
export function topKWeights(logits: Tensor, k: number): Tensor {
  const chosen = kept(logits, k);
  if (k === 1) return mul(softmax(logits), chosen);
  return mul(softmax(where(chosen, logits, -1e30)), chosen);
}

/** How wide noise is, [rows, experts]: never below a hundredth. @param z [rows, experts] */
export function noiseWidth(z: Tensor): Tensor {
  return affine(softplus(z), 1, 1e-2);
}

/** Logits with normal noise as wide as each row's own `width` says. */
export function noisyLogits(logits: Tensor, width: Tensor, key: Key): Tensor {
  const draws = noGrad(() => normalInto(tensor(new Float32Array(logits.size), logits.shape), 0, 1, key));
  return add(logits, mul(draws, width));
}

/**
 * Weights of which every expert keeps its first `capacity` rows; what is beyond is dropped, and the other weights of such a row stay as
 * they are.
 */
export function withinCapacity(weights: Tensor, capacity: number): Tensor {
  checkOptions("route", { capacity }, { capacity: COUNT });
  const [rows, experts] = weights.shape as readonly [number, number];
  const values = weights.toArray();
  const load = new Int32Array(experts);
  const mask = Float32Array.from({ length: rows * experts }, (_, i) =>
    Number(values[i]! > 0 && (load[i % experts] = load[i % experts]! + 1) <= capacity),
  );
  return mul(weights, tensor(mask, [rows, experts]));
}

/** How many rows an expert may have: the mean, times a factor, and four at least. */
export function capacityOf(rows: number, experts: number, k: number, factor: number): number {
  return Math.max(4, Math.ceil((rows * k * factor) / experts));
}

/**
 * Weights where every expert chooses its `capacity` best rows, by the softmax over experts. A row's weight depends on the rows beside it,
 * so this is for training and for batches that are one thing.
 */
export function expertChoice(logits: Tensor, capacity: number): Tensor {
  const [rows] = logits.shape as readonly [number, number];
  const weights = softmax(logits);
  // [capacity, experts] row numbers to [rows, experts]
  const chosen = noGrad(() => {
    const numbers = topK(weights, Math.min(capacity, rows), { axis: 0 }).numbers;
    return permute(sum(oneHot(numbers, rows), { axis: 0 }), [1, 0]);
  });
  return mul(weights, chosen);
}
