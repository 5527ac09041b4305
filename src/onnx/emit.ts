// What each op of moiety is in ONNX, operator set 17.
import type { Tensor } from "../autograd/tensor.ts";
import { sizeOf } from "../autograd/shape.ts";
import type { Builder } from "./builder.ts";

/** Nodes for one op; returns the name of its output. */
type Emit = (to: Builder, y: Tensor, x: readonly (Tensor | null)[], attrs: never) => string;

const names = (to: Builder, x: readonly (Tensor | null)[]): string[] => x.flatMap((t) => (t ? [to.name(t)] : []));
/** The same op in both. */
const same =
  (op: string): Emit =>
  (to, _, x) =>
    to.node(op, names(to, x));
const rectified = (to: Builder, y: string, relu: boolean): string => (relu ? to.node("Relu", [y]) : y);
const scalar = (to: Builder, value: number): string => to.constant([value], []);

const lastTwo = (shape: readonly number[]): number[] => {
  const order = shape.map((_, i) => i);
  return [...order.slice(0, -2), ...order.slice(-2).toReversed()];
};

const product: Emit = (to, _, [a, b], { transA, transB }: { transA?: boolean; transB?: boolean }) => {
  const turned = (t: Tensor, turn: boolean | undefined): string =>
    turn ? to.node("Transpose", [to.name(t)], { perm: lastTwo(t.shape) }) : to.name(t);
  return to.node("MatMul", [turned(a!, transA), turned(b!, transB)]);
};

/** A first size that a number of rows may be part of is worked out from the rest. */
const reshaped = (to: Builder, x: string, shape: readonly number[]): string =>
  to.node("Reshape", [x, to.sizes(sizeOf(shape) > 0 && shape.length > 0 ? [-1, ...shape.slice(1)] : shape)]);

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

const normalize: Emit = (to, y, [x, w, b], plan: Plan) => {
  const { channels, inner, run, eps, fixed } = plan;
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
  // groups of channels: each is an instance, then channels have a scale and a shift each
  const groups = channels / (inner / run);
  const one = [
    to.constant(new Float32Array(groups).fill(1), [groups]),
    to.constant(new Float32Array(groups), [groups]),
  ];
  const apart = to.node("Reshape", [to.name(x!), to.sizes([0, groups, -1])]);
  const normal = to.node("InstanceNormalization", [apart, ...one], {}, { epsilon: eps });
  const back = reshaped(to, normal, y.shape);
  if (!w || !b) return back;
  const places = [channels, ...y.shape.slice(2).map(() => 1)];
  const beside = (t: Tensor): string => to.node("Reshape", [to.name(t), to.sizes(places)]);
  return to.node("Add", [to.node("Mul", [back, beside(w)]), beside(b)]);
};

const attention: Emit = (to, _, [q, k, v, mask], { causal, scale }: { causal: boolean; scale: number }) => {
  if (mask) throw new RangeError("onnx: attention, got a padding mask, expected none; export a net without one");
  const keys = to.node("Transpose", [to.name(k!)], { perm: lastTwo(k!.shape) });
  let scores = to.node("Mul", [to.node("MatMul", [to.name(q!), keys]), scalar(to, scale)]);
  if (causal) {
    const [rows, cols] = [q!.shape.at(-2)!, k!.shape.at(-2)!];
    // a query sees the keys up to its own place, counted from the end
    const hidden = Array.from({ length: rows * cols }, (_, i) =>
      (i % cols) - (cols - rows) > Math.floor(i / cols) ? -Infinity : 0,
    );
    scores = to.node("Add", [scores, to.constant(hidden, [rows, cols])]);
  }
  return to.node("MatMul", [to.node("Softmax", [scores], { axis: -1 }), to.name(v!)]);
};

const emitters = {
  add: same("Add"),
  sub: same("Sub"),
  mul: same("Mul"),
  div: same("Div"),
  maximum: same("Max"),
  minimum: same("Min"),
  exp: same("Exp"),
  log: same("Log"),
  sqrt: same("Sqrt"),
  abs: same("Abs"),
  reciprocal: same("Reciprocal"),
  relu: same("Relu"),
  sigmoid: same("Sigmoid"),
  tanh: same("Tanh"),
  erf: same("Erf"),
  sin: same("Sin"),
  cos: same("Cos"),
  pow: same("Pow"),
  copy: same("Identity"),
  square: (to, _, [x]) => to.node("Mul", [to.name(x!), to.name(x!)]),
  logSigmoid: (to, _, [x]) => to.node("Neg", [to.node("Softplus", [to.node("Neg", [to.name(x!)])])]),
  silu: (to, _, [x]) => to.node("Mul", [to.name(x!), to.node("Sigmoid", [to.name(x!)])]),
  gelu: (to, _, [x]) => {
    const bell = to.node("Erf", [to.node("Mul", [to.name(x!), scalar(to, Math.SQRT1_2)])]);
    const share = to.node("Mul", [to.node("Add", [bell, scalar(to, 1)]), scalar(to, 0.5)]);
    return to.node("Mul", [to.name(x!), share]);
  },
  elu: (to, _, [x], alpha: number) => to.node("Elu", [to.name(x!)], {}, { alpha }),
  leakyRelu: (to, _, [x], slope: number) => to.node("LeakyRelu", [to.name(x!)], {}, { alpha: slope }),
  softmax: (to, _, [x]) => to.node("Softmax", [to.name(x!)], { axis: -1 }),
  logSoftmax: (to, _, [x]) => to.node("LogSoftmax", [to.name(x!)], { axis: -1 }),
  affine: (to, _, [x], { scale, shift }: { scale: number; shift: number }) => {
    const scaled = scale === 1 ? to.name(x!) : to.node("Mul", [to.name(x!), scalar(to, scale)]);
    return shift === 0 && scale !== 1 ? scaled : to.node("Add", [scaled, scalar(to, shift)]);
  },
  clip: (to, _, [x], { low, high }: { low: number; high: number }) =>
    to.node("Clip", [to.name(x!), scalar(to, low), scalar(to, high)]),
  linear: (to, _, x, { relu }: { relu: boolean }) => rectified(to, to.node("Gemm", names(to, x), { transB: 1 }), relu),
  matmul: product,
  batchMatmul: product,
  conv2d: (to, _, x, { stride, pad, relu }: { stride: number; pad: number; relu: boolean }) => {
    const attributes = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return rectified(to, to.node("Conv", names(to, x), attributes), relu);
  },
  winograd: (to, _, x, { pad }: { pad: number }) => to.node("Conv", names(to, x), { pads: [pad, pad, pad, pad] }),
  convolve: (to, y, x, { stride, before, dilation, groups }: Convolution) => {
    const [input, weight] = x as readonly [Tensor, Tensor];
    const after = [0, 1].map((axis) => {
      const reach = (weight.shape[2 + axis]! - 1) * dilation[axis]! + 1;
      return (y.shape[2 + axis]! - 1) * stride[axis]! + reach - input.shape[2 + axis]! - before[axis]!;
    });
    // what a stride leaves over at the end is not read: ONNX takes no negative padding
    const pads = [...before, ...after.map((size) => Math.max(0, size))];
    return to.node("Conv", names(to, x), { strides: stride, pads, dilations: dilation, group: groups });
  },
  maxPool2d: (to, _, x, { kernel, stride, relu }: { kernel: number; stride: number; relu: boolean }) => {
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
    return rectified(to, to.node("MaxPool", names(to, x), attributes), relu);
  },
  avgPool2d: (to, _, x, { kernel, stride, pad, padded }: Averages) => {
    const attributes = {
      kernel_shape: kernel,
      strides: stride,
      pads: [...pad, ...pad],
      count_include_pad: Number(padded),
    };
    return to.node("AveragePool", names(to, x), attributes);
  },
  reshape: (to, y, [x]) => reshaped(to, to.name(x!), y.shape),
  permute: (to, _, [x], order: readonly number[]) => to.node("Transpose", [to.name(x!)], { perm: order }),
  slice: (to, _, [x], { axis, from, to: until, step = 1 }: Range) => {
    const whole = axis === 0 && from === 0 && until === x!.shape[0];
    const ends = whole ? 2 ** 31 : until;
    return to.node("Slice", [to.name(x!), to.sizes([from]), to.sizes([ends]), to.sizes([axis]), to.sizes([step])]);
  },
  strided: (to, _, [x], { starts, steps, shape }: Lattice) => {
    const axes = starts.flatMap((from, i) => (from === 0 && steps[i] === 1 && shape[i] === x!.shape[i] ? [] : [i]));
    if (axes.length === 0) return to.node("Identity", [to.name(x!)]);
    // in front of the first element is no place that a number from 0 on names
    const ends = axes.map((i) => {
      const end = starts[i]! + steps[i]! * shape[i]!;
      return end < 0 ? -(2 ** 31) : end;
    });
    const at = (of: readonly number[]): string => to.sizes(axes.map((i) => of[i]!));
    return to.node("Slice", [to.name(x!), at(starts), to.sizes(ends), to.sizes(axes), at(steps)]);
  },
  place: (to, y, [x], { starts, steps, value }: Lattice & { value: number }) => {
    if (steps.some((step) => step !== 1))
      throw new RangeError(
        `onnx: place, got steps ${steps.join()}, expected 1 along every axis; export a net without it`,
      );
    const after = y.shape.map((size, i) => size - starts[i]! - x!.shape[i]!);
    return to.node("Pad", [to.name(x!), to.sizes([...starts, ...after]), scalar(to, value)]);
  },
  concat: (to, _, x, axis: number) => to.node("Concat", names(to, x), { axis }),
  sum: (to, _, [x], { axes, keep }: { axes: readonly number[]; keep: boolean }) =>
    axes.length === 0
      ? to.node("Identity", [to.name(x!)])
      : to.node("ReduceSum", [to.name(x!), to.sizes(axes)], { keepdims: Number(keep) }),
  expand: (to, y, [x]) => to.node("Expand", [to.name(x!), to.sizes(y.shape)]),
  embedding: (to, _, [w, words]) => to.node("Gather", [to.name(w!), to.name(words!)], { axis: 0 }),
  gather: (to, _, [x, rows]) => to.node("Gather", [to.name(x!), to.name(rows!)], { axis: 0 }),
  normalize,
  attention,
} satisfies Readonly<Record<string, Emit>>;

interface Convolution {
  readonly stride: readonly [number, number];
  readonly before: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

interface Averages {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly padded: boolean;
}

interface Lattice {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly shape: readonly number[];
}

interface Range {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly step?: number;
}

/** The ops that can be exported, by name. */
export const exported: readonly string[] = Object.keys(emitters);

/** The nodes of a tensor's op; a RangeError for an op that ONNX gets nothing of. */
export function emit(to: Builder, y: Tensor): string {
  const { name } = y.op!;
  if (!Object.hasOwn(emitters, name))
    throw new RangeError(`onnx: op, got ${name}, expected one of ${exported.join(", ")}; export a net without it`);
  return (emitters as unknown as Record<string, Emit>)[name]!(to, y, y.inputs, y.attrs as never);
}
