// Networks of what else can be exported: cells over sequences, masks, choices, picks, reductions, transposed convolutions.
import {
  abs,
  add,
  affine,
  argmax,
  attention,
  batchNorm,
  concat,
  convolve,
  convolveTransposed,
  copy,
  cos,
  cumsum,
  div,
  equal,
  exp,
  expand,
  expm1,
  flip,
  gather,
  gelu,
  greater,
  greaterEqual,
  instanceNorm,
  less,
  linear,
  log,
  log1p,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  min,
  minimum,
  mixture,
  mixtureLog,
  mul,
  neg,
  noGrad,
  notEqual,
  oneHot,
  pad,
  paddedMaxPool2d,
  permute,
  pow,
  prod,
  reciprocal,
  relu,
  reshape,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  softmax,
  softplus,
  split,
  sqrt,
  square,
  sub,
  subsample,
  sum,
  take,
  tanh,
  type Tensor,
  tensor,
  topK,
  variance,
  where,
} from "../../src/autograd/index.ts";
import { scatter } from "../../src/autograd/ops/rows.ts";
import { Apply, Gru, Linear, Lstm, type Module, Sequential } from "../../src/nn/index.ts";

export interface Exported {
  readonly module: Module;
  readonly shape: readonly number[];
  readonly words?: number;
}

/** A layer, and what is made of its answers. */
const behind = (inputs: number, outputs: number, fn: (x: Tensor) => Tensor): Module =>
  new Sequential({ in: new Linear(inputs, outputs), rest: new Apply(fn) });

const whole = (values: readonly number[], shape?: readonly number[]): Tensor => tensor(values, shape, "i32");

/** Cells that begin with states of the sequences' first step, and give all that they have at the end. */
function started(cell: Lstm | Gru): Module {
  return {
    specs: cell.specs,
    bind: (tensors, at) => {
      const run = cell.bindStates(tensors, at);
      return (x, mode) => {
        const first = slice(reshape(x, [-1, 15]), { axis: 1, from: 0, to: 4 });
        const { y, h, c } = run(x, mode, { h: [first, neg(first)], c: [square(first), first] });
        return concat([reshape(y, [-1, 40]), ...h, ...c], 1);
      };
    },
  };
}

// keys whose first number is not above 0 are padding
const padded = (x: Tensor): Tensor => {
  const seen = reshape(greater(slice(x, { axis: 2, from: 0, to: 1 }), 0), [-1, 5]);
  const heads = permute(reshape(x, [-1, 5, 2, 3]), [0, 2, 1, 3]);
  return concat(
    [
      attention(heads, heads, heads, { mask: seen }),
      attention(heads, heads, heads, { mask: seen, causal: true, scale: 0.5 }),
      attention(slice(heads, { axis: 2, from: 1, to: 3 }), heads, heads, { causal: true }),
    ],
    2,
  );
};

export const opNetworks: Readonly<Record<string, Exported>> = {
  lstm: { module: new Lstm(3, 4, { layers: 2, bidirectional: true }), shape: [5, 3] },
  gru: { module: new Gru(3, 4, { layers: 2, bidirectional: true }), shape: [5, 3] },
  lstmStates: { module: started(new Lstm(3, 4, { bidirectional: true })), shape: [5, 3] },
  gruStates: { module: started(new Gru(3, 4, { bidirectional: true })), shape: [5, 3] },
  masks: { module: new Apply(padded), shape: [5, 6] },
  choices: {
    module: behind(4, 6, (x) => {
      const side = where(greaterEqual(x, 0.1), x, affine(x, -2, 0.5));
      const close = mul(less(abs(x), 0.3), notEqual(x, 0));
      return add(where(close, 7, side), equal(maximum(x, tensor(0)), minimum(x, tensor(0.2))));
    }),
    shape: [4],
  },
  curves: {
    module: behind(4, 6, (x) => {
      const near = add(expm1(mul(x, tensor(1e-3))), log1p(mul(square(x), tensor(1e-3))));
      const far = add(log1p(square(x)), add(softplus(x), gelu(x, { tanh: true })));
      const waves = add(sin(x), mul(cos(x), tanh(relu(sigmoid(x)))));
      const roots = add(sqrt(affine(square(x), 1, 1)), reciprocal(affine(exp(x), 1, 1)));
      return add(add(near, far), div(add(waves, pow(affine(square(x), 1, 0.5), 1.5)), add(roots, log(roots))));
    }),
    shape: [4],
  },
  reductions: {
    module: behind(4, 12, (x) => {
      const cube = reshape(x, [-1, 3, 4]);
      const parts = [max(cube, { axis: 1 }), min(cube, { axis: 1 }), logSumExp(cube, { axis: 1 })];
      const more = [prod(cube, { axis: 1 }), variance(cube, { axis: 1 }), sum(cube, { axis: 1 })];
      const sums = [cumsum(cube), cumsum(cube, { axis: 1, reverse: true }), softmax(cube, { axis: 1 })];
      return concat([...parts, ...more, ...sums.map((of) => reshape(of, [-1, 12])), logSoftmax(x)], 1);
    }),
    shape: [4],
  },
  picks: {
    module: behind(4, 6, (x) => {
      const best = oneHot(argmax(x), 6);
      const ranks = sum(oneHot(topK(x, 2).numbers, 6), { axis: 1 });
      const chosen = take(x, whole([5, 0, 0, 2], [2, 2]), 1);
      const back = scatterAdd(reshape(chosen, [-1, 4]), whole([1, 1, 4, 0]), 6, 1);
      const [left, right] = split(x, 2, 1) as [Tensor, Tensor];
      const turned = gather(permute(x, [1, 0]), whole([3, 3, 1, 0, 2, 5]));
      const rows = scatter(turned, whole([0, 2, 2, 1, 4, 5]), turned.shape);
      return concat([best, ranks, back, flip(x, 1), mul(left, right), permute(rows, [1, 0])], 1);
    }),
    shape: [4],
  },
  transposed: {
    module: new Apply((x) => {
      const w = (shape: readonly number[]): Tensor =>
        tensor(
          Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => ((i * 7) % 11) / 11 - 0.4),
          shape,
        );
      const wide = convolveTransposed(x, w([2, 3, 3, 2]), tensor([0.1, 0.2, 0.3]), {
        stride: [2, 3],
        pad: [1, 0],
        outputPad: [1, 2],
      });
      const grouped = convolveTransposed(wide, w([3, 1, 2, 2]), null, { groups: 3, dilation: 2 });
      const depthwise = convolve(grouped, w([3, 1, 2, 2]), null, { groups: 3, stride: 2, dilation: 2 });
      const line = reshape(depthwise, [-1, 3, depthwise.shape[2]! * depthwise.shape[3]!]);
      return convolveTransposed(line, w([3, 2, 3]), null, { stride: 2, pad: 1 });
    }),
    shape: [2, 4, 3],
  },
  planes: {
    module: new Apply((x) => {
      const around = pad(x, [
        [0, 0],
        [0, 0],
        [1, 2],
        [0, 1],
      ]);
      const pooled = paddedMaxPool2d(around, { kernel: 3, stride: 2, pad: 1 });
      return instanceNorm(subsample(pooled, [1, 1, 1, 2]), tensor([1, 2]), tensor([0.5, 0]));
    }),
    shape: [2, 6, 6],
  },
  experts: {
    module: behind(4, 7, (x) => {
      const part = (from: number, to: number): Tensor => slice(x, { axis: 1, from, to });
      const [own, other, gate] = [logSoftmax(part(0, 3)), logSoftmax(part(3, 6)), part(6, 7)];
      return concat([mixture(own, other, gate), mixtureLog(own, other, gate)], 1);
    }),
    shape: [4],
  },
  // sizes that follow the number of rows, what has no gradient, and products of stacks
  rows: {
    module: behind(4, 6, (x) => {
      const turned = reshape(permute(x, [1, 0]), [6, -1]);
      const spread = expand(reshape(slice(turned, { axis: 0, from: 1, to: 2 }), [-1, 1]), [x.shape[0]!, 6]);
      const frozen = noGrad(() => linear(copy(x), tensor(Array(36).fill(0.1), [6, 6]), null));
      const stacks = reshape(x, [-1, 2, 3]);
      const product = matmul(stacks, stacks, { transB: true });
      const plain = matmul(x, tensor([1, 2, 3, 4, 5, 6], [1, 6]), { transB: true });
      return concat([sub(spread, frozen), reshape(product, [-1, 4]), plain], 1);
    }),
    shape: [4],
  },
  batch: {
    module: new Apply((x) => batchNorm(x, tensor([1, 2, 3]), tensor([0, 1, 0])).y),
    shape: [3, 4, 2],
  },
};
