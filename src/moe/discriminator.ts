// How likely an input is the client's own, learnt in features: a line between rows that the client holds out and rows drawn from
// the federation's Gaussians (a domain classifier in the place of densities, Cortes et al. 2021). Both count one together, so its
// logit is ln p_own(x) / p_fed(x), whatever it is that clients differ in.
import { dot } from "../federated/vectors.ts";
import { exp, log } from "../runtime/scalar.ts";
import { newtonStep } from "./calibration.ts";
import type { Features } from "./gaussians.ts";

/** A line in standardised features: [1 + width] with the shift first, and what standardises. */
export interface Discriminator {
  readonly line: Float64Array;
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

// half of it times the squared slope, against a mean loss: so few rows cannot hold so many slopes apart
const RIDGE = 0.1;

/** Fits by Newton's method on a convex loss, its steps halved where they would not go down. */
export function fitDiscriminator(own: Features, foreign: Features): Discriminator {
  const { width } = own;
  const rowsOf = ({ values }: Features): number => values.length / width;
  const mean = new Float64Array(width);
  const scale = new Float64Array(width);
  const over = (of: Features, add: (at: number, value: number) => void): void => {
    for (let i = 0; i < of.values.length; i++) add(i % width, of.values[i]!);
  };
  over(foreign, (at, value) => (mean[at]! += value / rowsOf(foreign)));
  over(foreign, (at, value) => (scale[at]! += (value - mean[at]!) ** 2 / rowsOf(foreign)));
  for (let at = 0; at < width; at++) scale[at] = 1 / Math.sqrt(Math.max(scale[at]!, 1e-12));
  const found: Discriminator = { line: new Float64Array(1 + width), mean, scale };
  const sides = [
    { of: standardised(own, found), sign: 1 },
    { of: standardised(foreign, found), sign: -1 },
  ];
  const sumsAt = (line: Float64Array): { loss: number; gradient: Float64Array; curvature: Float64Array } => {
    const size = width + 1;
    const gradient = Float64Array.from(line, (slope, i) => (i === 0 ? 0 : RIDGE * slope));
    const curvature = new Float64Array((size * (size + 1)) / 2);
    let loss = line.reduce((sum, slope, i) => (i === 0 ? sum : sum + (RIDGE / 2) * slope * slope), 0);
    for (const { of, sign } of sides)
      for (const x of of) {
        const weight = 1 / (2 * of.length);
        const z = sign * dot(line, x);
        loss += weight * (Math.max(-z, 0) + log(1 + exp(-Math.abs(z))));
        const miss = 1 / (1 + exp(z));
        const c = weight * miss * (1 - miss);
        let at = 0;
        for (let i = 0; i < size; i++) {
          gradient[i]! -= weight * sign * miss * x[i]!;
          for (let j = i; j < size; j++) curvature[at++]! += c * x[i]! * x[j]!;
        }
      }
    return { loss, gradient, curvature };
  };
  let line = found.line;
  let now = sumsAt(line);
  for (let round = 0; round < 30; round++) {
    const step = newtonStep(now.gradient, withRidge(now.curvature, width + 1), 1e-9);
    let length = 1;
    let next = line.map((value, i) => value + step[i]!);
    let then = sumsAt(next);
    while (!(then.loss < now.loss) && length > 1e-6) {
      length /= 2;
      next = line.map((value, i) => value + length * step[i]!);
      then = sumsAt(next);
    }
    if (!(then.loss < now.loss)) break;
    [line, now] = [next, then];
  }
  return { ...found, line };
}

/** ln p_own(x) / p_fed(x) [rows]. */
export function discriminated(of: Features, discriminator: Discriminator): Float64Array {
  return Float64Array.from(standardised(of, discriminator), (x) => dot(discriminator.line, x));
}

function standardised({ values, width }: Features, { mean, scale }: Omit<Discriminator, "line">): Float64Array[] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Float64Array.from({ length: 1 + width }, (_, i) =>
      i === 0 ? 1 : (values[row * width + i - 1]! - mean[i - 1]!) * scale[i - 1]!,
    ),
  );
}

function withRidge(curvature: Float64Array, size: number): Float64Array {
  const found = curvature.slice();
  for (let i = 1; i < size; i++) found[i * size - (i * (i - 1)) / 2]! += RIDGE;
  return found;
}
