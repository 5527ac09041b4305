// What a rule of an op is, and what rules are made of.
import { sizeOf } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Builder } from "./builder.ts";

/** Nodes for one op; returns the name of its output. */
export type Emit = (to: Builder, y: Tensor, x: readonly (Tensor | null)[], attrs: never) => string;

/** Rules by the names of their ops. */
export type Rules = Readonly<Record<string, Emit>>;

/** Numbers of element types, as ONNX casts to them. */
export const FLOAT = 1;
export const INT32 = 6;

export const names = (to: Builder, x: readonly (Tensor | null)[]): string[] =>
  x.flatMap((t) => (t ? [to.name(t)] : []));

/** The same op in both. */
export const same =
  (op: string): Emit =>
  (to, _, x) =>
    to.node(op, names(to, x));

export const rectified = (to: Builder, y: string, relu: boolean): string => (relu ? to.node("Relu", [y]) : y);
export const scalar = (to: Builder, value: number): string => to.constant([value], []);

/** The order of axes with the last two exchanged. */
export const lastTwo = (shape: readonly number[]): number[] => {
  const order = shape.map((_, i) => i);
  return [...order.slice(0, -2), ...order.slice(-2).toReversed()];
};

/** A first size that a number of rows may be part of is worked out from the rest. */
export const reshaped = (to: Builder, x: string, shape: readonly number[]): string =>
  to.node("Reshape", [x, to.sizes(sizeOf(shape) > 0 && shape.length > 0 ? [-1, ...shape.slice(1)] : shape)]);

/** Ones and zeros as floats. */
export const float = (to: Builder, truth: string): string => to.node("Cast", [truth], { to: FLOAT });
