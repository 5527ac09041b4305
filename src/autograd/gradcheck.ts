// Gradient checks through one random direction: <v, vjp(u)> against a central difference of <u, f(x + e v)>, which costs
// two forward passes whatever the size. The difference is taken in double precision on the reference twins, so it is
// good to nine digits, and then holds both the rule (in double) and the kernels (in single precision) to it.
import type { Engine } from "../runtime/engine.ts";
import { fold, type Key, key, Stream } from "../runtime/random.ts";
import { referenceEngine } from "../runtime/reference/index.ts";
import { grad } from "./backward.ts";
import { onEngine } from "./crossing.ts";
import { mul } from "./ops/arithmetic.ts";
import { sum } from "./ops/sum.ts";
import { add } from "./ops/add.ts";
import type { Shape } from "./shape.ts";
import { sizeOf } from "./shape.ts";
import { scope, type Tensor, tensor } from "./tensor.ts";

/** One input: its values in double precision, row by row. */
export interface Point {
  /** Its shape. */
  readonly shape: Shape;
  /** Its elements, row by row. */
  readonly values: ArrayLike<number>;
}

/** How a gradient is checked. */
export interface GradcheckOptions {
  /** Seed of the directions. */
  readonly seed?: number;
  /** Step of the central difference. */
  readonly step?: number;
  /** Allowed error of the rules in double precision, relative to the sum of |v g|. */
  readonly tolerance?: number;
  /** The same for the kernels in single precision. */
  readonly singleTolerance?: number;
  /** 2 also checks the gradient of the gradient. */
  readonly order?: 1 | 2;
}

let shared: Engine | undefined;

/**
 * Throws unless the gradients of `f` agree with its values.
 * @param f a function of tensors to one tensor, written in ops; it runs in single and in double precision, and what it has
 *   captured (labels, masks, weights) is copied across
 * @param points where to check
 */
export function gradcheck(
  f: (...x: Tensor[]) => Tensor,
  points: readonly Point[],
  options: GradcheckOptions = {},
): void {
  const { seed = 0, step = 1e-6, tolerance = 1e-6, singleTolerance = 2e-4, order = 1 } = options;
  const root = fold(key(seed), "gradcheck");
  const double = (shared ??= referenceEngine());
  check(f, points, root, step, tolerance, singleTolerance, double);
  if (order === 2) {
    // the gradient's inner product with a fixed direction is a function like any other
    const slope = (...x: Tensor[]): Tensor<"f32"> => {
      const g = grad(functional(f, x, root), x, { createGraph: true });
      return g.map((gi, i) => sum(mul(gi, random(points[i]!.shape, fold(root, "second", i))))).reduce(add);
    };
    check(slope, points, fold(root, "order2"), step * 10, tolerance * 10, singleTolerance * 5, double);
  }
}

// the sum of f's elements weighed by fixed random numbers: one scalar that feels every element
function functional(f: (...x: Tensor[]) => Tensor, x: Tensor[], root: Key): Tensor<"f32"> {
  const y = f(...x);
  return sum(mul(y, random(y.shape, fold(root, "cotangent"))));
}

function values(size: number, at: Key): Float64Array {
  const stream = new Stream(at);
  return Float64Array.from({ length: size }, () => 2 * stream.uniform() - 1);
}

function random(shape: Shape, at: Key): Tensor<"f32"> {
  return tensor(values(sizeOf(shape), at), shape);
}

function check(
  f: (...x: Tensor[]) => Tensor,
  points: readonly Point[],
  root: Key,
  step: number,
  tolerance: number,
  singleTolerance: number,
  double: Engine,
): void {
  const directions = points.map(({ shape }, i) => values(sizeOf(shape), fold(root, "direction", i)));
  const at = (e: number): number =>
    onEngine(double, () =>
      scope(() => {
        const x = points.map(({ shape, values }, i) =>
          tensor(
            Float64Array.from(directions[i]!, (v, j) => values[j]! + e * v),
            shape,
          ),
        );
        // functions that differentiate inside need inputs that ask for it
        for (const t of x) t.requiresGrad = true;
        return functional(f, x, root).item();
      }),
    );
  const expected = (at(step) - at(-step)) / (2 * step);

  const slope = (): { value: number; scale: number } =>
    scope(() => {
      const x = points.map(({ shape, values }) => tensor(values, shape));
      for (const t of x) t.requiresGrad = true;
      let value = 0;
      let scale = 1e-3;
      const y = functional(f, x, root);
      // what depends on no input has gradient 0, and the difference says whether that is right
      const gradients = y.requiresGrad ? grad(y, x) : [];
      gradients.forEach((g, i) =>
        g.toArray().forEach((gj: number, j: number) => {
          value += gj * directions[i]![j]!;
          scale += Math.abs(gj * directions[i]![j]!);
        }),
      );
      return { value, scale };
    });
  const compare = (precision: string, { value, scale }: { value: number; scale: number }, allowed: number): void => {
    const error = Math.abs(value - expected) / scale;
    if (!(error <= allowed))
      throw new Error(
        `gradcheck: in ${precision} precision the gradient along a random direction is ${value}, the central difference ` +
          `${expected}; error ${error.toExponential(1)} of the scale, ${allowed.toExponential(1)} allowed`,
      );
  };
  compare("double", onEngine(double, slope), tolerance);
  compare("single", slope(), singleTolerance);
}
