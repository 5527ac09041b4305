// Optimiser steps of the second module over a flat vector, in place and without history: see update.ts.
import { extra } from "../../runtime/extra.ts";
import { checkOpen, markWritten, type Tensor } from "../tensor.ts";

function opened(...tensors: readonly Tensor[]): void {
  for (const t of tensors) checkOpen(t);
}

function written(...tensors: readonly (Tensor | null)[]): void {
  for (const t of tensors) if (t) markWritten(t);
}

/** What one step of RMSprop needs besides the vectors. */
export interface RmspropStep {
  readonly lr: number;
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly momentum: number;
}

/** One step of RMSprop; w, the square and, where they are, mean and velocity are overwritten. */
export function rmspropInto(
  w: Tensor,
  g: Tensor,
  {
    square,
    mean,
    velocity,
  }: { readonly square: Tensor; readonly mean: Tensor | null; readonly velocity: Tensor | null },
  { lr, alpha, eps, weightDecay, momentum }: RmspropStep,
): void {
  opened(w, g, square);
  const pointers = [w.ptr, g.ptr, square.ptr, mean?.ptr ?? 0, velocity?.ptr ?? 0] as const;
  extra().rmsprop(...pointers, w.size, lr, alpha, eps, weightDecay, momentum);
  written(w, square, mean, velocity);
}

/** One step of Adagrad; w and the sum of squares are overwritten. */
export function adagradInto(
  w: Tensor,
  g: Tensor,
  total: Tensor,
  { lr, eps, weightDecay }: Pick<RmspropStep, "lr" | "eps" | "weightDecay">,
): void {
  opened(w, g, total);
  extra().adagrad(w.ptr, g.ptr, total.ptr, w.size, lr, eps, weightDecay);
  written(w, total);
}

/** What one step of AMSGrad needs besides the vectors; corrections are 1 - beta^t. */
export interface AmsgradStep {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly correction1: number;
  readonly correction2: number;
}

/** One step of AMSGrad; w, both moments and the largest second one are overwritten. */
export function amsgradInto(
  w: Tensor,
  g: Tensor,
  [m, v, most]: readonly [Tensor, Tensor, Tensor],
  { lr, beta1, beta2, eps, weightDecay, correction1, correction2 }: AmsgradStep,
): void {
  opened(w, g, m, v, most);
  const pointers = [w.ptr, g.ptr, m.ptr, v.ptr, most.ptr] as const;
  extra().amsgrad(...pointers, w.size, lr, beta1, beta2, eps, weightDecay, correction1, correction2);
  written(w, m, v, most);
}

/** One step of Lion; w and m are overwritten. */
export function lionInto(
  w: Tensor,
  g: Tensor,
  m: Tensor,
  { lr, beta1, beta2, weightDecay }: Pick<AmsgradStep, "lr" | "beta1" | "beta2" | "weightDecay">,
): void {
  opened(w, g, m);
  extra().lion(w.ptr, g.ptr, m.ptr, w.size, lr, beta1, beta2, weightDecay);
  written(w, m);
}
