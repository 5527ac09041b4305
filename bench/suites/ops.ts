// What is not a product: softmaxes, losses, element-wise functions, reductions, pooling, dropout, Adam.
import { noGrad } from "../../src/autograd/op.ts";
import { add } from "../../src/autograd/ops/add.ts";
import { relu, sigmoid } from "../../src/autograd/ops/activation.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { dropout } from "../../src/autograd/ops/dropout.ts";
import { fillInto } from "../../src/autograd/ops/fill.ts";
import { maxPool2d } from "../../src/autograd/ops/maxPool2d.ts";
import { crossEntropy } from "../../src/autograd/ops/nll.ts";
import { logSoftmax, softmax } from "../../src/autograd/ops/softmax.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { exp } from "../../src/autograd/ops/unary.ts";
import { adamInto } from "../../src/autograd/ops/update.ts";
import { persistent, scope, type Tensor } from "../../src/autograd/tensor.ts";
import { engine } from "../../src/runtime/engine.ts";
import { key } from "../../src/runtime/random.ts";
import { floats, labels } from "../data.ts";
import type { Case, Prepared, Suite } from "../suite.ts";

// inputs in [-4, 4)
const RANGE = 4;

/** An op of tensors filled with seeded numbers. */
function op(name: string, shape: readonly number[], fn: (x: Tensor, other: Tensor) => Tensor): Case {
  const size = shape.reduce((n, s) => n * s, 1);
  return {
    name: `${name} ${shape.join("x")}`,
    task: { op: name, rows: size / shape[shape.length - 1]!, cols: shape[shape.length - 1]! },
    prepare: () => {
      const x = persistent(shape).set(floats(1, size, RANGE));
      const other = persistent(shape).set(floats(2, size, RANGE));
      return {
        run: () => noGrad(() => scope(() => void fn(x, other))),
        check: () => noGrad(() => scope(() => fn(x, other).toArray())),
        dispose: () => [x, other].forEach((t) => t.dispose()),
      };
    },
  };
}

function loss(rows: number, cols: number): Case {
  return {
    name: `crossEntropy ${rows}x${cols}`,
    task: { op: "crossEntropy", rows, cols },
    prepare: () => {
      const x = persistent([rows, cols]).set(floats(1, rows * cols, RANGE));
      const target = persistent([rows], "i32").set(labels(2, rows, cols));
      return {
        run: () => noGrad(() => scope(() => void crossEntropy(x, target))),
        check: () => noGrad(() => scope(() => crossEntropy(x, target).toArray())),
        dispose: () => [x, target].forEach((t) => t.dispose()),
      };
    },
  };
}

const window = { kernel: 2, relu: true } as const;

function pool(batch: number, channels: number, size: number, backward: boolean): Case {
  const half = size / 2;
  const prepare = (): Prepared => {
    const x = persistent([batch, channels, size, size]).set(floats(1, batch * channels * size * size));
    const y = persistent([batch, channels, half, half]);
    const g = persistent(y.shape).set(floats(2, y.size));
    const gx = persistent(x.shape);
    const { kernels } = engine();
    kernels.maxPool2d(x.ptr, y.ptr, batch * channels, size, size, 2, 2, 1);
    const dispose = (): void => [x, y, g, gx].forEach((t) => t.dispose());
    if (!backward)
      return {
        run: () => noGrad(() => scope(() => void maxPool2d(x, window))),
        check: () => y.toArray(),
        dispose,
      };
    const run = (): void => kernels.maxPool2dGrad(x.ptr, y.ptr, g.ptr, gx.ptr, batch * channels, size, size, 2, 2, 1);
    return {
      run,
      check: () => {
        run();
        return gx.toArray();
      },
      dispose,
    };
  };
  const name = backward ? "maxPoolReluGrad" : "maxPoolRelu";
  return {
    name: `${name} ${batch}x${channels}x${size}x${size}`,
    task: { op: name, batch, channels, size },
    direct: backward,
    prepare,
  };
}

function adam(size: number): Case {
  const settings = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, decoupled: false };
  const first = { ...settings, correction1: 1 - 0.9, correction2: 1 - 0.999 };
  return {
    name: `adam ${size}`,
    task: { op: "adam", size },
    prepare: () => {
      const w = persistent([size]).set(floats(1, size));
      const g = persistent([size]).set(floats(2, size));
      const [m, v] = [fillInto(persistent([size]), 0), fillInto(persistent([size]), 0)];
      return {
        run: () => adamInto(w, g, m, v, first),
        check: () => {
          adamInto(w, g, m, v, first);
          return w.toArray();
        },
        dispose: () => [w, g, m, v].forEach((t) => t.dispose()),
      };
    },
  };
}

const half = key(1);

/** The same op over several shapes. */
function each(name: string, shapes: readonly (readonly number[])[], fn: (x: Tensor, other: Tensor) => Tensor): Case[] {
  return shapes.map((shape) => op(name, shape, fn));
}

const rows = [
  [1000, 1000],
  [128, 10],
  [10, 10],
] as const;
const vectors = [[1_000_000], [10_000]] as const;

export const ops: Suite = {
  name: "ops",
  about: "public ops on tensors in memory; the gradient of pooling with ReLU as its kernel",
  cases: [
    ...each("softmax", rows, (x) => softmax(x)),
    ...each("logSoftmax", rows, (x) => logSoftmax(x)),
    loss(1000, 1000),
    loss(128, 10),
    loss(10, 10),
    ...each("exp", vectors, (x) => exp(x)),
    ...each("sigmoid", vectors, (x) => sigmoid(x)),
    ...each("relu", vectors, (x) => relu(x)),
    ...each("add", vectors, (x, y) => add(x, y)),
    ...each("mul", vectors, (x, y) => mul(x, y)),
    ...each("sum", vectors, (x) => sum(x)),
    op("sumRows", [1000, 1000], (x) => sum(x, { axis: 1 })),
    op("sumColumns", [1000, 1000], (x) => sum(x, { axis: 0 })),
    ...[10, 128].flatMap((batch) => [
      pool(batch, 6, 28, false),
      pool(batch, 6, 28, true),
      pool(batch, 16, 10, false),
      pool(batch, 16, 10, true),
    ]),
    // what is zeroed differs between libraries, so there is nothing to check
    ...each("dropout", [[128, 120], [1_000_000]], (x) => dropout(x, 0.5, half)).map(uncheckable),
    adam(62_006),
    adam(159_010),
  ],
};

function uncheckable(one: Case): Case {
  return {
    ...one,
    prepare: () => {
      const { check: _, ...rest } = one.prepare();
      return rest;
    },
  };
}
