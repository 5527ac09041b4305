// A world small enough to train in milliseconds: points of the plane in three classes, by angle.
import { logSoftmax, softmax, type Tensor, tensor } from "../../src/autograd/index.ts";
import type { OwnExamples } from "../../src/moe/index.ts";
import { Dropout, FloatExamples, Linear, type Module, Sequential } from "../../src/nn/index.ts";
import { Apply } from "../../src/nn/module.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";

export const classes = 3;

/** An expert over the plane; `calls` counts its forward passes. */
export function expertOf({
  dropout = 0,
  output = "logSoftmax",
  calls,
}: { dropout?: number; output?: "logSoftmax" | "softmax"; calls?: { count: number } } = {}): Module {
  const counted = (x: Tensor): Tensor => {
    if (calls) calls.count++;
    return x;
  };
  return new Sequential({
    count: new Apply(counted),
    fc1: new Linear(2, 8, { relu: true }),
    drop: new Dropout(dropout),
    fc2: new Linear(8, classes),
    output: new Apply(output === "softmax" ? softmax : logSoftmax),
  });
}

/** A gate over the plane. */
export function gateOf(outputs: number): Module {
  return new Sequential({ fc1: new Linear(2, 8, { relu: true }), fc2: new Linear(8, outputs) });
}

/** A gate over the plane that weighs two experts. */
export const gateModule: Module = gateOf(1);

/** Points with their classes; `only` keeps some of the classes. */
export function points(seed: number, count: number, only?: readonly number[]): FloatExamples {
  const { x, labels } = plane(seed, count, only);
  return new FloatExamples(tensor(x, [count, 2]), labels);
}

/** The numbers of `points`. */
export function plane(
  seed: number,
  count: number,
  only: readonly number[] = [0, 1, 2],
): { x: Float32Array; labels: number[] } {
  const stream = new Stream(fold(key(seed), "points"));
  const x: number[] = [];
  const labels: number[] = [];
  while (labels.length < count) {
    const [a, b] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
    const label = b > Math.abs(a) / 2 ? 0 : a > 0 ? 1 : 2;
    if (!only.includes(label)) continue;
    x.push(a, b);
    labels.push(label);
  }
  return { x: Float32Array.from(x), labels };
}

/** A client's rows. */
export function own(seed: number, only?: readonly number[]): OwnExamples {
  return { train: points(seed, 40, only), validation: points(seed + 1000, 30, only), classes };
}
