// Tensors filled with constants or random numbers; they have no inputs and so no gradients.
import { engine } from "../../runtime/engine.ts";
import type { Key } from "../../runtime/random.ts";
import { ownShape, type Shape } from "../shape.ts";
import { checkOpen, empty, markWritten, type Tensor } from "../tensor.ts";

/** Overwrites every element with one value. */
export function fillInto<T extends Tensor>(y: T, value: number): T {
  checkOpen(y);
  engine().kernels.fill(y.ptr, y.size, value);
  markWritten(y);
  return y;
}

/** Zeros of a shape. */
export function zeros(shape: Shape): Tensor<"f32"> {
  return fillInto(empty(ownShape("zeros", shape), "f32", "zeros"), 0);
}

/** Overwrites with uniform numbers of [low, high) that depend on the key alone. */
export function uniformInto<T extends Tensor>(y: T, low: number, high: number, key: Key): T {
  checkOpen(y);
  engine().kernels.uniform(y.ptr, y.size, low, high, key[0], key[1]);
  markWritten(y);
  return y;
}

/** Overwrites with normal numbers that depend on the key alone. */
export function normalInto<T extends Tensor>(y: T, mean: number, std: number, key: Key): T {
  checkOpen(y);
  engine().kernels.normal(y.ptr, y.size, mean, std, key[0], key[1]);
  markWritten(y);
  return y;
}
