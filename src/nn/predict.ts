// A network's answers on stored examples, in evaluation mode and without history.
import { noGrad } from "../autograd/op.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { persistent, scope, type Tensor, view } from "../autograd/tensor.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import { batches, type Examples } from "./examples.ts";

// large enough to amortise calls, small enough to stay in cache
const ROWS = 128;

/**
 * What `answer` gives for every example, in order.
 * @param answer from inputs [b, ...] and row numbers i32 [b] to [b, width] or [b]
 * @returns a heap tensor [count, width]; the caller disposes of it
 */
export function predictAll(examples: Examples, width: number, answer: (x: Tensor, rows: Tensor) => Tensor): Tensor {
  return finish(predictSteps(examples, width, answer));
}

/** `predictAll`, resting after every batch. */
export function* predictSteps(
  examples: Examples,
  width: number,
  answer: (x: Tensor, rows: Tensor) => Tensor,
): Steps<Tensor> {
  const all = persistent([examples.count, width]);
  const order = persistent([examples.count], "i32").set(Int32Array.from({ length: examples.count }, (_, i) => i));
  let at = 0;
  let complete = false;
  try {
    for (const rows of batches(order, ROWS)) {
      const part = view(all, at * width, [rows.size, width]);
      scope(() => noGrad(() => copyInto(part, answer(examples.batch(rows).x, rows))));
      at += rows.size;
      yield;
    }
    complete = true;
  } finally {
    order.dispose();
    if (!complete) all.dispose();
  }
  return all;
}
