// What the paper's networks do not have: training steps of a residual network, a transformer, an LSTM and a batch-normalised
// CNN, and the ops they are made of, forward or with their gradients.
import { grad } from "../../src/autograd/backward.ts";
import { noGrad } from "../../src/autograd/op.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { attention } from "../../src/autograd/ops/attention.ts";
import { convolve } from "../../src/autograd/ops/convolve.ts";
import { crossEntropy } from "../../src/autograd/ops/nll.ts";
import { batchNorm, layerNorm } from "../../src/autograd/ops/normalize.ts";
import { logSumExp } from "../../src/autograd/ops/reduce.ts";
import { reshape } from "../../src/autograd/ops/reshape.ts";
import { erf, gelu, silu } from "../../src/autograd/ops/smooth.ts";
import { softmax } from "../../src/autograd/ops/softmax.ts";
import { mean, sum } from "../../src/autograd/ops/sum.ts";
import { square } from "../../src/autograd/ops/unary.ts";
import { backward } from "../../src/autograd/backward.ts";
import { persistent, scope, type Tensor } from "../../src/autograd/tensor.ts";
import {
  Apply,
  BatchNorm,
  Convolution,
  Linear,
  Lstm,
  MaxPool2d,
  type Module,
  Net,
  resnet,
  Sequential,
  SGD,
  Transformer,
} from "../../src/nn/index.ts";
import { relu } from "../../src/autograd/ops/activation.ts";
import { floats, labels } from "../data.ts";
import { modes } from "../models.ts";
import type { Case, Suite } from "../suite.ts";

interface Network {
  readonly title: string;
  readonly module: () => Module;
  readonly input: readonly number[];
  /** Words of a vocabulary, where the input is words. */
  readonly words?: number;
  /** Classes of the labels, one for each row of the output; without, the loss is the mean square. */
  readonly classes?: number;
  /** Multiply-adds of one step over the whole batch, times two. */
  readonly flops: number;
}

const networks: Readonly<Record<string, Network>> = {
  resnet20: {
    title: "ResNet-20 batch 32",
    module: () => resnet(20),
    input: [32, 3, 32, 32],
    classes: 10,
    // no gradient is wanted for the images
    flops: 2 * 32 * (3 * 40_551_040 - 442_368),
  },
  transformer: {
    title: "transformer 2 layers, width 128, batch 16x64",
    module: () => new Transformer({ words: 100, length: 64 }),
    input: [16, 64],
    words: 100,
    classes: 100,
    flops: 6 * 16 * 64 * (2 * (4 * 128 * 128 + 2 * 128 * 512 + 64 * 128) + 128 * 100),
  },
  lstm: {
    title: "LSTM 64-128, all states, batch 32x64",
    module: () => new Lstm(64, 128),
    input: [32, 64, 64],
    flops: 6 * 32 * 64 * 4 * 128 * (64 + 128) - 2 * 32 * 64 * 4 * 128 * 64,
  },
  normalised: {
    title: "CNN with batch norm, batch 32",
    module: () =>
      new Sequential({
        conv1: new Convolution(3, 16, 3, { pad: 1, bias: false }),
        bn1: new BatchNorm(16),
        relu1: new Apply(relu),
        pool1: new MaxPool2d(2),
        conv2: new Convolution(16, 32, 3, { pad: 1, bias: false }),
        bn2: new BatchNorm(32),
        relu2: new Apply(relu),
        pool2: new MaxPool2d(2),
        fc: new Linear(2048, 10),
      }),
    input: [32, 3, 32, 32],
    classes: 10,
    flops: 2 * 32 * (3 * (442_368 + 1_179_648 + 20_480) - 442_368),
  },
  wide: {
    title: "CNN of 3x3 convolutions 32 and 64, fc 128, batch 10",
    module: () =>
      new Sequential({
        conv1: new Convolution(3, 32, 3),
        relu1: new Apply(relu),
        conv2: new Convolution(32, 64, 3),
        pool: new MaxPool2d(2, { relu: true }),
        fc1: new Linear(12_544, 128, { relu: true }),
        fc2: new Linear(128, 10),
      }),
    input: [10, 3, 32, 32],
    classes: 10,
    flops: 2 * 10 * (2 * 900 * 32 * 27 + 3 * (784 * 64 * 288 + 12_544 * 128 + 1280)),
  },
};

const product = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/** Training on one batch: forward, loss, backward, SGD and the loss read. */
function trainer({ module, input, words, classes }: Network, lr: number): { step: () => number; dispose: () => void } {
  const net = new Net(module(), { group: "shared" }).init(1);
  let fanIn = 1;
  net.parameters.tensors
    .filter((t) => t.slot)
    .forEach((t, i) => {
      if (t.shape.length > 1) fanIn = t.size / t.shape[0]!;
      t.set(floats(1 + i, t.size, 1 / Math.sqrt(fanIn)));
    });
  const optimizer = new SGD([net.parameters], { lr });
  const size = product(input);
  const x = words ? persistent(input, "i32").set(labels(1001, size, words)) : persistent(input).set(floats(1001, size));
  const rows = words ? size : input[0]!;
  const target = persistent([rows], "i32").set(labels(1002, rows, classes ?? 1));
  const next = modes();
  return {
    step: () =>
      scope(() => {
        const y = net.forward(x, next());
        const loss = mean(classes ? crossEntropy(reshape(y, [rows, classes]), target) : square(y));
        backward(loss);
        optimizer.step();
        return loss.item();
      }),
    dispose: () => [optimizer, net, x, target].forEach((thing) => thing.dispose()),
  };
}

function train(name: string): Case {
  const network = networks[name]!;
  return {
    name: network.title,
    flops: network.flops,
    task: { op: "vocabulary.step", network: name },
    prepare: () => {
      const { step, dispose } = trainer(network, 1e-6);
      return {
        run: step,
        check: () => {
          const checked = trainer(network, 0.05);
          const losses = Array.from({ length: 4 }, checked.step);
          checked.dispose();
          return losses;
        },
        dispose,
      };
    },
  };
}

/** An op of tensors filled with seeded numbers, forward, or the gradients of all of them as well. */
function op(name: string, shapes: readonly (readonly number[])[], fn: (...x: Tensor[]) => Tensor, both = false): Case {
  return {
    name: `${name}${both ? " with gradients" : ""} ${shapes[0]!.join("x")}`,
    task: { op: `vocabulary.${name}`, shapes: JSON.stringify(shapes), both },
    prepare: () => {
      const x = shapes.map((shape, i) => persistent(shape).set(floats(1 + i, product(shape), 2)));
      for (const t of x) t.requiresGrad = both;
      const g = persistent(noGrad(() => scope(() => fn(...x).shape)));
      g.set(floats(9, g.size));
      const run = (): Tensor => (both ? grad(sum(mul(fn(...x), g)), x)[0]! : noGrad(() => fn(...x)));
      return {
        run: () => scope(() => void run()),
        check: () => scope(() => run().toArray()),
        dispose: () => [...x, g].forEach((t) => t.dispose()),
      };
    },
  };
}

const heads = [16, 4, 64, 32];
const channelled = [[32, 16, 32, 32], [16], [16]];

export const vocabulary: Suite = {
  name: "vocabulary",
  about: "residual, recurrent and attention networks: training steps with SGD, and the ops they are made of",
  cases: [
    ...Object.keys(networks).map(train),
    op("gelu", [[1024, 512]], (x) => gelu(x!)),
    op("gelu", [[1024, 512]], (x) => gelu(x!), true),
    op("silu", [[1024, 512]], (x) => silu(x!)),
    op("erf", [[1024, 512]], (x) => erf(x!)),
    op("softmaxFirst", [[1024, 512]], (x) => softmax(x!, { axis: 0 })),
    op("logSumExp", [[1024, 512]], (x) => logSumExp(x!, { axis: 1 })),
    op("layerNorm", [[1024, 128], [128], [128]], (x, w, b) => layerNorm(x!, w!, b!)),
    op("layerNorm", [[1024, 128], [128], [128]], (x, w, b) => layerNorm(x!, w!, b!), true),
    op("batchNorm", channelled, (x, w, b) => batchNorm(x!, w!, b!).y, true),
    op("attention", [heads, heads, heads], (q, k, v) => attention(q!, k!, v!, { causal: true })),
    op("attention", [heads, heads, heads], (q, k, v) => attention(q!, k!, v!, { causal: true }), true),
    op(
      "depthwise",
      [
        [32, 32, 16, 16],
        [32, 1, 3, 3],
      ],
      (x, w) => convolve(x!, w!, null, { pad: 1, groups: 32 }),
      true,
    ),
    op(
      "grouped",
      [
        [32, 32, 16, 16],
        [64, 8, 3, 3],
      ],
      (x, w) => convolve(x!, w!, null, { pad: 1, groups: 4 }),
      true,
    ),
  ],
};
