// The gamma draw of both of NumPy's generators for shapes below 1 (Ahrens and Dieter 1974, in Best's form of 1983).
import { log, pow } from "../../../runtime/scalar.ts";

/** A Gamma(shape, 1) draw, shape above 0 and below 1. */
export function gammaBelowOne(shape: number, uniform: () => number, exponential: () => number): number {
  for (;;) {
    const u = uniform();
    const v = exponential();
    if (u <= 1 - shape) {
      const x = u === 0 ? 0 : pow(u, 1 / shape);
      if (x <= v) return x;
    } else {
      const y = -log((1 - u) / shape);
      const x = pow(1 - shape + shape * y, 1 / shape);
      if (x <= v + y) return x;
    }
  }
}

/** Refuses concentrations for which NumPy takes other ways than these. */
export function checkAlpha(op: string, alpha: number, least: number): void {
  if (!(alpha >= least && alpha <= 1))
    throw new RangeError(
      `${op}: alpha, got ${alpha}, expected a number from ${least} to 1, for which its draws are repeated; ` +
        `dirichletHands takes any`,
    );
}
