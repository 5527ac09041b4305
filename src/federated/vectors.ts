// Arithmetic on flat vectors outside of linear memory, as servers and the ends of a client's turn need it. Every function
// computes in double and gives a new vector of its first argument's precision.
import type { Vector } from "../nn/parameters.ts";

function check(op: string, a: Vector, b: Vector): void {
  if (a.length !== b.length)
    throw new RangeError(`${op}: got ${b.length} values, expected ${a.length}; the models differ`);
}

/** As many zeros as `v` has values. */
export function zerosLike(v: Vector): Vector {
  return v.map(() => 0);
}

/** a + scale b */
export function plus(a: Vector, b: Vector, scale = 1): Vector {
  check("plus", a, b);
  return a.map((x, i) => x + scale * b[i]!);
}

/** a - b */
export function minus(a: Vector, b: Vector): Vector {
  check("minus", a, b);
  return a.map((x, i) => x - b[i]!);
}

/** scale v */
export function scaled(v: Vector, scale: number): Vector {
  return v.map((x) => scale * x);
}

/** (1 - t) a + t b: `a` at 0 and `b` at 1, to the bit. */
export function between(a: Vector, b: Vector, t: number): Vector {
  check("between", a, b);
  return a.map((x, i) => (1 - t) * x + t * b[i]!);
}

/** Sum of weight * vector, in the order given. */
export function combination(terms: readonly (readonly [weight: number, vector: Vector])[]): Vector {
  const [first] = terms;
  if (!first) throw new RangeError("combination: got no vectors, expected at least one");
  const sum = new Float64Array(first[1].length);
  for (const [weight, vector] of terms) {
    check("combination", first[1], vector);
    for (let i = 0; i < sum.length; i++) sum[i]! += weight * vector[i]!;
  }
  return first[1].map((_, i) => sum[i]!);
}

export function dot(a: Vector, b: Vector): number {
  check("dot", a, b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The cosine of the angle of two vectors, 0 where one of them is nothing. */
export function cosine(a: Vector, b: Vector): number {
  const norms = normOf(a) * normOf(b);
  return norms > 0 ? dot(a, b) / norms : 0;
}

/** The Euclidean norm. */
export function normOf(v: Vector): number {
  return Math.sqrt(dot(v, v));
}

/** |a - b|^2 */
export function squaredDistance(a: Vector, b: Vector): number {
  check("distance", a, b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) * (a[i]! - b[i]!);
  return sum;
}
