// Weights of two answers that an input finds for itself when it is asked about, without its label (FedTHE, Jiang and Lin 2023).
import { exp, log } from "../../runtime/scalar.ts";

/** Log-probabilities of both heads at an input, and how far its features are from everybody's mean and the client's. */
export interface Seen {
  readonly shared: readonly number[];
  readonly own: readonly number[];
  readonly far: readonly [shared: number, own: number];
}

const cosine = (a: readonly number[], b: readonly number[]): number => {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

/** z less the logarithm of the sum of e^z. */
export const logSoftmaxOf = (z: readonly number[]): number[] => {
  const top = Math.max(...z);
  const total = log(z.reduce((sum, value) => sum + exp(value - top), 0));
  return z.map((value) => value - top - total);
};

/**
 * The answer at the weights e = softmax(a) that so many Adam steps at `rate` find, from even ones, of
 *
 *     c H(softmax(e_shared l_shared + e_own l_own)) + (1 - c) (e_shared far_shared + e_own far_own)
 *
 * with l the log-probabilities, H the entropy in nats and c the cosine of both heads' probabilities: the paper's objective, by the
 * input's own features alone.
 * @returns log-probabilities [classes]
 */
export function testTimeMixture(
  { shared, own, far }: Seen,
  { steps, rate }: { steps: number; rate: number },
): number[] {
  const agree = cosine(shared.map(exp), own.map(exp));
  let a: [number, number] = [0, 0];
  const [m, v] = [[0, 0], [0, 0]]; // prettier-ignore
  const weights = (): number[] => logSoftmaxOf(a).map(exp);
  const mixed = ([g, p]: readonly number[]): number[] => logSoftmaxOf(shared.map((l, c) => g! * l + p! * own[c]!));
  let [b1, b2] = [1, 1];
  for (let t = 0; t < steps; t++) {
    const w = weights();
    const logp = mixed(w);
    const entropy = -logp.reduce((sum, l) => sum + exp(l) * l, 0);
    // dH/dz_c = -p_c (ln p_c + H)
    const up = logp.map((l) => -exp(l) * (l + entropy));
    const slopes = [shared, own].map(
      (l, j) => agree * up.reduce((sum, u, c) => sum + u * l[c]!, 0) + (1 - agree) * far[j]!,
    );
    const level = slopes.reduce((sum, slope, j) => sum + w[j]! * slope, 0);
    [b1, b2] = [b1 * 0.9, b2 * 0.999];
    a = a.map((at, j) => {
      const g = w[j]! * (slopes[j]! - level);
      [m[j], v[j]] = [0.9 * m[j]! + 0.1 * g, 0.999 * v[j]! + 0.001 * g * g];
      return at - (rate * (m[j]! / (1 - b1))) / (Math.sqrt(v[j]! / (1 - b2)) + 1e-8);
    }) as [number, number];
  }
  return mixed(weights());
}
