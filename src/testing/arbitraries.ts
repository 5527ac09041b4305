// Arbitraries that shrink to small shapes; values come from a seed, so that a failing case stays readable.
import fc from "fast-check";
import type { Point } from "../autograd/gradcheck.ts";
import { type Shape, sizeOf } from "../autograd/shape.ts";
import { key, Stream } from "../runtime/random.ts";

/** What shapes may be. */
export interface ShapeConstraints {
  /** Axes at least, 0 unless said. */
  readonly minRank?: number;
  /** Axes at most, 6 unless said. */
  readonly maxRank?: number;
  /** The least size of an axis, 1 unless said. */
  readonly minSize?: number;
  /** The largest size of an axis, 7 unless said. */
  readonly maxSize?: number;
  /** Of the whole tensor: axes that would make more are as short as they may be. */
  readonly maxElements?: number;
}

/** Shapes of up to 6 axes of 1 to 7 elements, at most 2401 in all, unless said. */
export function shape({
  /** Axes at least, 0 unless said. */
  minRank = 0,
  maxRank = 6,
  minSize = 1,
  maxSize = 7,
  maxElements = 2401,
}: ShapeConstraints = {}): fc.Arbitrary<Shape> {
  const sizes = fc.array(fc.integer({ min: minSize, max: maxSize }), { minLength: minRank, maxLength: maxRank });
  return sizes.map((drawn) => {
    let elements = 1;
    return drawn.map((size) => {
      const kept = elements * size <= maxElements ? size : minSize;
      elements *= kept;
      return kept;
    });
  });
}

/** Pairs of shapes that broadcast: an axis may be 1 in either one, and leading axes may be missing in one. */
export function broadcastable(constraints: ShapeConstraints = {}): fc.Arbitrary<[Shape, Shape]> {
  return shape(constraints).chain((full) => {
    const rank = { minLength: full.length, maxLength: full.length };
    const ones = fc.array(fc.constantFrom("neither", "first", "second"), rank);
    return fc.tuple(ones, fc.nat(full.length), fc.boolean()).map(([ones, drop, swap]): [Shape, Shape] => {
      const narrowed = (which: string): Shape => full.map((size, i) => (ones[i] === which ? 1 : size));
      const [a, b] = [narrowed("first").slice(drop), narrowed("second")];
      return swap ? [b, a] : [a, b];
    });
  });
}

/** A point of a shape: uniform values in [low, high), away from `gaps` (kinks, poles) by a hundredth. */
export function point(
  of: Shape,
  { low = -2, high = 2, gaps = [] }: { low?: number; high?: number; gaps?: readonly number[] } = {},
): fc.Arbitrary<Point> {
  return fc.nat().map((seed) => {
    const stream = new Stream(key(seed));
    const draw = (): number => {
      for (;;) {
        const value = low + (high - low) * stream.uniform();
        if (gaps.every((gap) => Math.abs(value - gap) > 0.01)) return value;
      }
    };
    return { shape: of, values: Float64Array.from({ length: sizeOf(of) }, draw) };
  });
}
