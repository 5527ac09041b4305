// A tiny task for tests that train: points of the plane, whose class is the side they lie on.
import { logSoftmax } from "../../src/autograd/ops/softmax.ts";
import type { Model } from "../../src/moe/model.ts";
import { Linear } from "../../src/nn/layers.ts";
import { Apply, Sequential } from "../../src/nn/module.ts";
import type { Stream } from "../../src/runtime/random.ts";

/** Two inputs, three classes, a few dozen weights. */
export const corner: Model = {
  expert: new Sequential({
    hidden: new Linear(2, 8, { relu: true }),
    out: new Linear(8, 3),
    output: new Apply(logSoftmax),
  }),
  gate: new Sequential({ hidden: new Linear(2, 4, { relu: true }), out: new Linear(4, 1) }),
  shape: [2],
  classes: ["left", "right", "up"],
};

/** Points with their classes, nearly two thirds of them of one class. */
export function points(count: number, stream: Stream, mostly: number): { x: Float32Array; labels: Int32Array } {
  const x = new Float32Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const label = stream.uniform() < 0.5 ? mostly : stream.below(3);
    const [a, b] = [stream.uniform() - 0.5, stream.uniform() - 0.5];
    x[2 * i] = a + (label === 0 ? -1 : label === 1 ? 1 : 0);
    x[2 * i + 1] = b + (label === 2 ? 1 : 0);
    labels[i] = label;
  }
  return { x, labels };
}
