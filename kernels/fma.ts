// The one place where the plain and the relaxed build differ in what they compute: whether a product is rounded before it
// is added.
import { relaxed } from "./build";

/** a * b + c per lane; rounded once only where the build and the machine fuse it. */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (relaxed) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}
