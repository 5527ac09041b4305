// A network's answers on stored examples, in evaluation mode and without history.
import { noGrad } from "../autograd/op.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { gather } from "../autograd/ops/rows.ts";
import { persistent, scope, type Tensor, tensor, view } from "../autograd/tensor.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import { batches, type Examples, parts } from "./examples.ts";

// large enough to amortise calls, small enough to stay in cache
const ROWS = 128;

/**
 * What `answer` gives for every example, in order.
 * @param answer from inputs [b, ...] and row numbers i32 [b] to [b, width] or [b]
 * @returns a heap tensor [count, width]; the caller disposes of it
 */
export function predictAll(
  examples: Examples,
  width: number,
  answer: (x: Tensor, rows: Tensor) => Tensor,
): Tensor<"f32"> {
  return finish(predictSteps(examples, width, answer));
}

/** `predictAll`, resting after every batch. */
export function* predictSteps(
  examples: Examples,
  width: number,
  answer: (x: Tensor, rows: Tensor) => Tensor,
): Steps<Tensor<"f32">> {
  const all = persistent([examples.count, width]);
  const fixed = examples.answering?.();
  const numbers = fixed
    ? fixed.flatMap((batch) => Array.from(batch))
    : Int32Array.from({ length: examples.count }, (_, i) => i);
  const order = persistent([examples.count], "i32").set(numbers);
  let at = 0;
  let complete = false;
  try {
    for (const rows of fixed ? parts(order, fixed) : batches(order, ROWS)) {
      const part = view(all, at * width, [rows.size, width]);
      scope(() => noGrad(() => copyInto(part, answer(examples.batch(rows).x, rows))));
      at += rows.size;
      yield;
    }
    if (fixed) scope(() => copyInto(all, gather(all, places(numbers))));
    complete = true;
  } finally {
    order.dispose();
    if (!complete) all.dispose();
  }
  return all;
}

// where each example's answer stands among answers given in this order
function places(order: ArrayLike<number>): Tensor<"i32"> {
  const at = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) at[order[i]!] = i;
  return tensor(at, [at.length], "i32");
}
