// How a server goes towards what its clients found: in a part of the way, with momentum, or with a rate for each
// coordinate. Square roots are exact in every engine, so the same bits everywhere.
import type { ServerStep } from "./servers.ts";
import type { Vector } from "./method.ts";
import { between, minus, plus, scaled, zerosLike } from "./vectors.ts";

/** A part of the way, or beyond: (1 - by) w + by target. */
export function partly(by: number): ServerStep {
  return { begin: () => ({}), step: (w, target) => ({ w: between(w, target, by), memory: {} }) };
}

/** Heavy ball: m <- beta m + (target - w), w <- w + lr m; without momentum and with rate 1 the target to the bit. */
export function heavyBall({ lr, beta }: { lr: number; beta: number }): ServerStep {
  return {
    begin: (like) => ({ momentum: zerosLike(like) }),
    step: (w, target, { momentum }) => ({
      w: plus(between(w, target, lr), momentum!, lr * beta),
      memory: { momentum: plus(minus(target, w), momentum!, beta) },
    }),
  };
}

/** The second moment after a direction d, one coordinate at a time. */
export type SecondMoment = (v: number, d: number) => number;

/** m <- beta1 m + (1 - beta1) d, v by the rule, w <- w + lr m / (sqrt v + tau); d = target - w. */
export function adaptive(
  { lr, beta1, tau }: { lr: number; beta1: number; tau: number },
  second: SecondMoment,
): ServerStep {
  return {
    begin: (like) => ({ first: zerosLike(like), second: zerosLike(like) }),
    step: (w, target, { first, second: before }) => {
      const d = minus(target, w);
      const m = plus(scaled(first!, beta1), d, 1 - beta1);
      const v: Vector = before!.map((value, i) => second(value, d[i]!));
      return {
        w: w.map((value, i) => value + (lr * m[i]!) / (Math.sqrt(v[i]!) + tau)),
        memory: { first: m, second: v },
      };
    },
  };
}
