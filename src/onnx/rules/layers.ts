// Products, softmaxes, norms and mixtures.
import { sizeOf } from "../../autograd/shape.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import type { Builder } from "../builder.ts";
import { type Emit, lastTwo, names, rectified, reshaped, type Rules, scalar } from "../rule.ts";

const product: Emit = (to, _, [a, b], { transA, transB }: { transA?: boolean; transB?: boolean }) => {
  const turned = (t: Tensor, turn: boolean | undefined): string =>
    turn ? to.node("Transpose", [to.name(t)], { perm: lastTwo(t.shape) }) : to.name(t);
  return to.node("MatMul", [turned(a!, transA), turned(b!, transB)]);
};

interface Plan {
  readonly outer: number;
  readonly groups: number;
  readonly inner: number;
  readonly channels: number;
  readonly run: number;
  readonly eps: number;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly fixed: boolean;
}

/** Each channel over all rows and places, as a batch is normalised by its own moments. */
function acrossRows(to: Builder, x: Tensor, { groups, inner, eps }: Plan): string {
  const apart = to.node("Reshape", [to.name(x), to.sizes([-1, groups, inner])]);
  const mean = (of: string): string => to.node("ReduceMean", [of], { axes: [0, 2], keepdims: 1 });
  const centred = to.node("Sub", [apart, mean(apart)]);
  const variance = mean(to.node("Mul", [centred, centred]));
  return to.node("Div", [centred, to.node("Sqrt", [to.node("Add", [variance, scalar(to, eps)])])]);
}

/** In y's shape, with a scale and a shift for each channel. */
function channelwise(
  to: Builder,
  normal: string,
  y: Tensor,
  w: Tensor | null | undefined,
  b: Tensor | null | undefined,
  channels: number,
): string {
  const back = reshaped(to, normal, y.shape);
  if (!w || !b) return back;
  const places = [channels, ...y.shape.slice(2).map(() => 1)];
  const beside = (t: Tensor): string => to.node("Reshape", [to.name(t), to.sizes(places)]);
  return to.node("Add", [to.node("Mul", [back, beside(w)]), beside(b)]);
}

const normalize: Emit = (to, y, [x, w, b], plan: Plan) => {
  const { outer, channels, inner, run, eps, fixed } = plan;
  const of = (t: Tensor | null | undefined, value: number, size: number): string =>
    t ? to.name(t) : to.constant(new Float32Array(size).fill(value), [size]);
  if (fixed) {
    const [scale, shift] = [of(w, 1, channels), of(b, 0, channels)];
    const inputs = [to.name(x!), scale, shift, to.name(plan.mean), to.name(plan.variance)];
    return to.node("BatchNormalization", inputs, {}, { epsilon: eps });
  }
  if (run === 1 && inner === channels) {
    // over the last axes: their product is a group
    let axes = 1;
    while (sizeOf(y.shape.slice(-axes)) < inner) axes++;
    const sizes = y.shape.slice(-axes);
    const shaped = (name: string): string => to.node("Reshape", [name, to.sizes(sizes)]);
    const inputs = [to.name(x!), shaped(of(w, 1, channels)), shaped(of(b, 0, channels))];
    return to.node("LayerNormalization", inputs, { axis: -axes }, { epsilon: eps });
  }
  if (outer > 1) return channelwise(to, acrossRows(to, x!, plan), y, w, b, channels);
  // groups of channels: each is an instance, then channels have a scale and a shift each
  const groups = channels / (inner / run);
  const one = [
    to.constant(new Float32Array(groups).fill(1), [groups]),
    to.constant(new Float32Array(groups), [groups]),
  ];
  const apart = to.node("Reshape", [to.name(x!), to.sizes([0, groups, -1])]);
  const normal = to.node("InstanceNormalization", [apart, ...one], {}, { epsilon: eps });
  return channelwise(to, normal, y, w, b, channels);
};

/** A gate's logits beside every class, and their negatives. */
function gated(to: Builder, z: Tensor): readonly [own: string, other: string] {
  const own = to.node("Reshape", [to.name(z), to.sizes([-1, 1])]);
  return [own, to.node("Neg", [own])];
}

const mixture: Emit = (to, _, [ls, lg, z]) => {
  const parts = gated(to, z!).map((logit, i) => {
    const share = to.node("Neg", [to.node("Softplus", [to.node("Neg", [logit])])]);
    return to.node("Unsqueeze", [to.node("Add", [to.name([ls!, lg!][i]!), share]), to.sizes([0])]);
  });
  return to.node("ReduceLogSumExp", [to.node("Concat", parts, { axis: 0 })], { axes: [0], keepdims: 0 });
};

const mixtureLog: Emit = (to, _, [ls, lg, z]) => {
  const [own, other] = gated(to, z!).map((logit, i) =>
    to.node("Mul", [to.node("Sigmoid", [logit]), to.name([ls!, lg!][i]!)]),
  ) as [string, string];
  return to.node("Add", [own, other]);
};

export const layers: Rules = {
  softmax: (to, _, [x]) => to.node("Softmax", [to.name(x!)], { axis: -1 }),
  logSoftmax: (to, _, [x]) => to.node("LogSoftmax", [to.name(x!)], { axis: -1 }),
  linear: (to, _, x, { relu }: { relu: boolean }) => rectified(to, to.node("Gemm", names(to, x), { transB: 1 }), relu),
  matmul: product,
  batchMatmul: product,
  normalize,
  mixture,
  mixtureLog,
};
