// A network's answers on stored examples, in evaluation mode and without history.
import { noGrad } from "../autograd/op.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { persistent, scope, type Tensor, view } from "../autograd/tensor.ts";
import { batches, type Examples, range } from "./examples.ts";

// large enough to amortise calls, small enough to stay in cache
const ROWS = 128;

/**
 * What `answer` gives for every example, in order.
 * @param answer from inputs [b, ...] and row numbers i32 [b] to [b, width] or [b]
 * @returns a heap tensor [count, width]; the caller disposes of it
 */
export function predictAll(examples: Examples, width: number, answer: (x: Tensor, rows: Tensor) => Tensor): Tensor {
  const all = persistent([examples.count, width]);
  noGrad(() => {
    scope(() => {
      let at = 0;
      for (const rows of batches(range(examples.count), ROWS)) {
        scope(() => copyInto(view(all, at * width, [rows.size, width]), answer(examples.batch(rows).x, rows)));
        at += rows.size;
      }
    });
  });
  return all;
}
