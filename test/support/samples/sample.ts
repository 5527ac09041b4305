// What a sample is, and what samples are made of.
import fc from "fast-check";
import { ops } from "../../../src/autograd/op.ts";
import { type Shape, sizeOf } from "../../../src/autograd/shape.ts";
import { type Tensor, tensor } from "../../../src/autograd/tensor.ts";
import { key, Stream } from "../../../src/runtime/random.ts";
import type { Point } from "../../../src/testing/index.ts";

export interface Case {
  /** The op alone; it makes labels, row numbers and masks itself, so that it runs in either engine. */
  readonly f: (...x: Tensor[]) => Tensor;
  readonly points: readonly Point[];
}

export interface Sample {
  readonly cases: fc.Arbitrary<Case>;
  /** How often its gradient can be taken: 2 unless said. */
  readonly order?: 0 | 1 | 2;
  /** Why not twice. */
  readonly reason?: string;
  /** Allowed error of a kernel's value, relative to the largest of the tensor. */
  readonly tolerance?: number;
}

/** Called with every op that a sample runs by name. */
export const onOp: { hear?: ((name: string, x: readonly (Tensor | null)[], attrs: unknown) => void) | undefined } = {};

/** Runs an op by name, also where it has no function of its own. */
export function op(name: string, x: readonly (Tensor | null)[], attrs?: unknown): Tensor {
  onOp.hear?.(name, x, attrs);
  return ops().get(name)!(x, attrs);
}

export const whole = (values: readonly number[] | Int32Array, of?: Shape): Tensor => tensor(values, of, "i32");
export const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** Values that are `offset` away from the nearest multiple of `step`, no two the same if `distinct`: sums stay off kinks. */
export function lattice(
  of: Shape,
  step: number,
  { offset = 0, distinct = false }: { offset?: number; distinct?: boolean } = {},
): fc.Arbitrary<Point> {
  const n = sizeOf(of);
  return fc.nat().map((seed) => {
    const stream = new Stream(key(seed));
    const order = stream.shuffle(Array.from({ length: n }, (_, i) => i));
    const rung = (i: number): number => (distinct ? order[i]! - (n >> 1) : stream.below(17) - 8);
    return { shape: of, values: Float64Array.from({ length: n }, (_, i) => rung(i) * step + offset) };
  });
}

export function points(...of: fc.Arbitrary<Point>[]): fc.Arbitrary<Point[]> {
  return fc.tuple(...of);
}
