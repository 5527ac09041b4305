// Optimiser steps over a flat vector, in place and without history.
import { engine } from "../../runtime/engine.ts";
import { checkOpen, markWritten, type Tensor } from "../tensor.ts";

/** What one Adam step needs besides the vectors; corrections are 1 - beta^t. */
export interface AdamStep {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly correction1: number;
  readonly correction2: number;
  /** AdamW (Loshchilov & Hutter 2019): decay the weights, not the gradient. */
  readonly decoupled: boolean;
}

/** One step of Adam (Kingma & Ba 2015, with the arithmetic of torch.optim.Adam); w, m and v are overwritten. */
export function adamInto(w: Tensor, g: Tensor, m: Tensor, v: Tensor, s: AdamStep): void {
  const { lr, beta1, beta2, eps, weightDecay, correction1, correction2, decoupled } = s;
  const { adam } = engine().kernels;
  for (const t of [w, g, m, v]) checkOpen(t);
  adam(w.ptr, g.ptr, m.ptr, v.ptr, w.size, lr, beta1, beta2, eps, weightDecay, correction1, correction2, +decoupled);
  markWritten(w);
  markWritten(m);
  markWritten(v);
}

/**
 * `adamInto` over w [rows, width] for the same result, without the rows that have had no gradient yet.
 * @param touched i32 [rows], of the gradient: rows that have one now
 * @param live i32 [rows], zeros when m and v are: rows that have had one
 */
export function adamRowsInto(
  w: Tensor,
  g: Tensor,
  m: Tensor,
  v: Tensor,
  { touched, live }: { readonly touched: Tensor; readonly live: Tensor },
  s: AdamStep,
): void {
  const { lr, beta1, beta2, eps, weightDecay, correction1, correction2, decoupled } = s;
  for (const t of [w, g, m, v, touched, live]) checkOpen(t);
  const pointers = [w.ptr, g.ptr, m.ptr, v.ptr, touched.ptr, live.ptr] as const;
  const scalars = [lr, beta1, beta2, eps, weightDecay, correction1, correction2, +decoupled] as const;
  engine().kernels.adamRows(...pointers, live.size, w.size / live.size, ...scalars);
  for (const t of [w, m, v, live]) markWritten(t);
}

/** What one SGD step needs besides the vectors. */
export interface SgdStep {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/** One step of SGD with momentum (the arithmetic of torch.optim.SGD); w and velocity are overwritten. */
export function sgdInto(w: Tensor, g: Tensor, velocity: Tensor | null, s: SgdStep): void {
  const { lr, momentum, dampening, weightDecay, nesterov } = s;
  for (const t of [w, g]) checkOpen(t);
  if (velocity) checkOpen(velocity);
  engine().kernels.sgd(w.ptr, g.ptr, velocity?.ptr ?? 0, w.size, lr, momentum, dampening, weightDecay, +nesterov);
  markWritten(w);
  if (velocity) markWritten(velocity);
}
