// Convolution with sizes for each axis, dilation and groups. What the kernels of plain ones can do goes
// there; depthwise ones have kernels of their own; the rest is a product of the weights and columns of one sample at a
// time. Each of value and gradients is bilinear, so each one's gradients are the other two.
import { engine } from "../../runtime/engine.ts";
import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { alike, checkShape, formatShape, type Shape } from "../shape.ts";
import { type DType, empty, type Tensor } from "../tensor.ts";
import { add } from "./add.ts";
import { fillInto } from "./fill.ts";
import { reshape } from "./reshape.ts";
import { pad as surround } from "./strided.ts";
import { pairOf, type PerAxis } from "./window.ts";
import { plain } from "./winograd.ts";

interface Geometry {
  /** From one window to the next, 1 unless said. */
  readonly stride: readonly [number, number];
  /** In front of each axis; behind it lies what the output's size asks for. */
  readonly before: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
  /** [batch, in, h, w], [out, in / groups, kh, kw], [batch, out, oh, ow]. */
  readonly input: Shape;
  readonly weight: Shape;
  readonly output: Shape;
}

// how far in front of the first place or behind the last a tap may lie: kernels count places with 32 bits
const FARTHEST = 2 ** 30;

/** Throws unless the sizes go together, and every tap has a place that can be counted. */
function checkGeometry(op: string, { stride, before, dilation, groups, input, weight, output }: Geometry): void {
  pairOf(op, "stride", stride, 1);
  pairOf(op, "padding in front", before, 0);
  pairOf(op, "dilation", dilation, 1);
  const shapes = [input, weight, output];
  for (const shape of shapes) checkShape(op, shape);
  const last = (i: number): number => (output[i + 2]! - 1) * stride[i]! + (weight[i + 2]! - 1) * dilation[i]!;
  if (
    shapes.some(({ length }) => length !== 4) ||
    !(Number.isInteger(groups) && groups >= 1 && weight[0]! % groups === 0) ||
    input[1] !== weight[1]! * groups ||
    output[1] !== weight[0] ||
    output[0] !== input[0] ||
    ![weight, output].every((shape) => shape[2]! >= 1 && shape[3]! >= 1) ||
    ![0, 1].every((i) => before[i]! <= FARTHEST && last(i) <= FARTHEST)
  )
    throw new RangeError(
      `${op}: got ${shapes.map(formatShape).join(" ")} in ${groups} groups by strides ${stride.join("x")}, ` +
        `expected [batch,in,h,w] [out,in/groups,kh,kw] [batch,out,oh,ow] within reach`,
    );
}

type Pair = readonly [Tensor, Tensor];
type Places = [number, number, number, number, number, number, number, number, number, number, number, number];

const places = ({ input, weight, output, stride, before, dilation }: Geometry): Places => [
  input[2]!,
  input[3]!,
  output[2]!,
  output[3]!,
  weight[2]!,
  weight[3]!,
  // steps that are never made may be of any size, and kernels count with 32 bits
  output[2]! > 1 ? stride[0] : 1,
  output[3]! > 1 ? stride[1] : 1,
  ...before,
  weight[2]! > 1 ? dilation[0] : 1,
  weight[3]! > 1 ? dilation[1] : 1,
];

const isDepthwise = ({ input, weight, groups }: Geometry): boolean => groups === input[1] && groups === weight[0];

/** Sizes of the product for one group of one sample: weights [m, k] by columns [k, n]. */
function product({ groups, weight, output }: Geometry): { m: number; k: number; n: number } {
  return { m: weight[0]! / groups, k: weight[1]! * weight[2]! * weight[3]!, n: output[2]! * output[3]! };
}

/** Calls `run` for each group of each sample with byte offsets into the planes of input and output, weights and columns. */
function eachGroup(
  geometry: Geometry,
  sample: (n: number, input: number) => void,
  run: (weights: number, columns: number, output: number) => void,
  after?: (n: number, input: number) => void,
): void {
  const { input, groups } = geometry;
  const { m, k, n } = product(geometry);
  const plane = input[1]! * input[2]! * input[3]! * 4;
  for (let i = 0; i < input[0]!; i++) {
    sample(i, i * plane);
    for (let g = 0; g < groups; g++) run(g * m * k * 4, g * k * n * 4, (i * groups + g) * m * n * 4);
    after?.(i, i * plane);
  }
}

const convolveOp: Op<Pair, Geometry> = /* @__PURE__ */ defineOp<readonly [x: Tensor, w: Tensor], Geometry>({
  name: "convolve",
  shape: ([x, w], geometry) => {
    checkGeometry("convolve", geometry);
    const { input, weight, output } = geometry;
    alike("convolve", input, x.shape);
    alike("convolve", weight, w.shape);
    return output;
  },
  forward: (y, [x, w], geometry) => {
    const { input, groups } = geometry;
    if (isDepthwise(geometry)) {
      fillInto(y, 0);
      return extra().depthwise(x.ptr, w.ptr, y.ptr, input[0]!, groups, ...places(geometry));
    }
    const { m, k, n } = product(geometry);
    const { matmul } = engine().kernels;
    const columns = empty([groups * k * n]).ptr;
    eachGroup(
      geometry,
      (_, from) => extra().columns(x.ptr + from, columns, input[1]!, ...places(geometry)),
      (wi, ci, yi) => matmul(w.ptr + wi, columns + ci, y.ptr + yi, m, n, k, k, n, n, 0, 0, 0),
    );
  },
  vjp: [
    (g, { x: [, w], attrs }) => convolveGradInputOp([g, w], attrs),
    (g, { x: [x], attrs }) => convolveGradWeightOp([x, g], attrs),
  ],
});

/** The gradient of the input, which is the transposed convolution. */
export const convolveGradInputOp: Op<Pair, Geometry> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, w: Tensor],
  Geometry
>({
  name: "convolveGradInput",
  shape: ([g, w], geometry) => {
    checkGeometry("convolveGradInput", geometry);
    const { input, weight, output } = geometry;
    alike("convolveGradInput", output, g.shape);
    alike("convolveGradInput", weight, w.shape);
    return input;
  },
  forward: (gx, [g, w], geometry) => {
    const { input, groups } = geometry;
    if (isDepthwise(geometry)) {
      fillInto(gx, 0);
      return extra().depthwiseGradInput(g.ptr, w.ptr, gx.ptr, input[0]!, groups, ...places(geometry));
    }
    const { m, k, n } = product(geometry);
    const { matmul } = engine().kernels;
    const columns = empty([groups * k * n]).ptr;
    eachGroup(
      geometry,
      () => {},
      (wi, ci, yi) => matmul(w.ptr + wi, g.ptr + yi, columns + ci, k, n, m, k, n, n, 1, 0, 0),
      (_, to) => extra().columnsGrad(columns, gx.ptr + to, input[1]!, ...places(geometry)),
    );
  },
  vjp: [
    (u, { x: [, w], attrs }) => convolveOp([u, w], attrs),
    (u, { x: [g], attrs }) => convolveGradWeightOp([u, g], attrs),
  ],
});

const convolveGradWeightOp: Op<Pair, Geometry> = /* @__PURE__ */ defineOp<readonly [x: Tensor, g: Tensor], Geometry>({
  name: "convolveGradWeight",
  shape: ([x, g], geometry) => {
    checkGeometry("convolveGradWeight", geometry);
    const { input, weight, output } = geometry;
    alike("convolveGradWeight", input, x.shape);
    alike("convolveGradWeight", output, g.shape);
    return weight;
  },
  forward: (gw, [x, g], geometry) => {
    const { input, groups } = geometry;
    fillInto(gw, 0);
    if (isDepthwise(geometry))
      return extra().depthwiseGradWeight(x.ptr, g.ptr, gw.ptr, input[0]!, groups, ...places(geometry));
    const { m, k, n } = product(geometry);
    const { matmul } = engine().kernels;
    const columns = empty([groups * k * n]).ptr;
    eachGroup(
      geometry,
      (_, from) => extra().columns(x.ptr + from, columns, input[1]!, ...places(geometry)),
      (wi, ci, yi) => matmul(g.ptr + yi, columns + ci, gw.ptr + wi, m, k, n, n, n, k, 0, 1, 1),
    );
  },
  vjp: [
    (u, { x: [, g], attrs }) => convolveGradInputOp([g, u], attrs),
    (u, { x: [x], attrs }) => convolveOp([x, u], attrs),
  ],
});

/** Padding: alike in front and behind, or each side for itself, or as much as keeps ceil(size / stride). */
export type Padding =
  PerAxis | readonly [vertical: readonly [number, number], horizontal: readonly [number, number]] | "same";

/** How a kernel goes over its axes; what is one number holds for all of them. */
export interface ConvolveOptions {
  /** From one window to the next, 1 unless said. */
  readonly stride?: PerAxis;
  /** Zeros at the ends of each axis: numbers, or "same" for an output as long as the input over the stride. */
  readonly pad?: Padding;
  /** From one tap to the next. */
  readonly dilation?: PerAxis;
  /** Input and output channels are cut into so many groups that do not see each other. */
  readonly groups?: number;
}

interface Sides {
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
}

function sides(pad: Padding, size: readonly number[], reach: readonly number[], stride: readonly number[]): Sides {
  if (pad === "same") {
    const total = size.map((n, i) => Math.max(0, (Math.ceil(n / stride[i]!) - 1) * stride[i]! + reach[i]! - n));
    const before = total.map((n) => Math.floor(n / 2)) as [number, number];
    return { before, after: total.map((n, i) => n - before[i]!) as [number, number] };
  }
  if (typeof pad === "number" || typeof pad[0] === "number") {
    const both = pairOf("convolve", "pad", pad as PerAxis, 0);
    return { before: both, after: both };
  }
  const [vertical, horizontal] = (pad as readonly [PerAxis, PerAxis]).map((side) =>
    pairOf("convolve", "pad", side, 0),
  ) as [readonly [number, number], readonly [number, number]];
  return { before: [vertical[0], horizontal[0]], after: [vertical[1], horizontal[1]] };
}

/** Throws unless the bias has one element for each channel. */
export function checkBias(op: string, b: Tensor | null, channels: number): void {
  if (b && (b.shape.length !== 1 || b.shape[0] !== channels))
    throw new RangeError(`${op}: bias, got ${formatShape(b.shape)}, expected [${channels}]`);
}

/** A bias for each channel of [batch, channels, h, w]. */
export function withBias(y: Tensor<"f32">, b: Tensor | null): Tensor<"f32"> {
  return b ? add(y, reshape(b, [b.size, 1, 1])) : y;
}

/**
 * Cross-correlation as torch.nn.functional.conv2d, over one or two axes of places.
 * @param x [batch, in, h, w], or [batch, in, length]: then of each pair of sizes the second counts
 * @param w [out, in / groups, kh, kw], or [out, in / groups, k]
 * @param b [out] or null
 * @returns [batch, out, oh, ow] or [batch, out, length]
 */
export function convolve(x: Tensor, w: Tensor, b: Tensor | null, options: ConvolveOptions = {}): Tensor<"f32"> {
  if (x.shape.length === 3 && w.shape.length === 3)
    return flat(x, (x4) => convolve(x4, row(w), b, lengthwise(options)));
  const { groups = 1 } = options;
  const stride = pairOf("convolve", "stride", options.stride ?? 1, 1);
  const dilation = pairOf("convolve", "dilation", options.dilation ?? 1, 1);
  const { shape: input } = x;
  const { shape: weight } = w;
  if (
    input.length !== 4 ||
    weight.length !== 4 ||
    !(Number.isInteger(groups) && groups >= 1) ||
    weight[0]! % groups !== 0 ||
    input[1] !== weight[1]! * groups
  )
    throw new RangeError(
      `convolve: got ${formatShape(input)} and ${formatShape(weight)} in ${groups} groups, ` +
        `expected [batch,in,h,w] and [out,in/groups,kh,kw], or [batch,in,length] and [out,in/groups,k]`,
    );
  checkBias("convolve", b, weight[0]!);
  const reach = [2, 3].map((i) => (weight[i]! - 1) * dilation[i - 2]! + 1);
  const { before, after } = sides(options.pad ?? 0, input.slice(2), reach, stride);
  const out = [0, 1].map((i) => Math.floor((input[i + 2]! + before[i]! + after[i]! - reach[i]!) / stride[i]!) + 1);
  if (!(out[0]! >= 1 && out[1]! >= 1))
    throw new RangeError(
      `convolve: a kernel of ${reach.join("x")} is larger than the input ${formatShape(input)} with its padding`,
    );
  if (groups === 1 && stride[0] === stride[1] && dilation[0] === 1 && dilation[1] === 1) {
    const even = [...before, ...after].every((n) => n === before[0]);
    if (even) return plain(x, w, b, { stride: stride[0], pad: before[0] });
    const padded = surround(x, [
      [0, 0],
      [0, 0],
      [before[0], after[0]],
      [before[1], after[1]],
    ]);
    return plain(padded, w, b, { stride: stride[0], pad: 0 });
  }
  const output = [input[0]!, weight[0]!, ...out];
  return withBias(convolveOp([x, w], { stride, before, dilation, groups, input, weight, output }), b);
}

/** Sequences as images of one row. */
export function flat<D extends DType>(x: Tensor<D>, fn: (x: Tensor<D>) => Tensor<"f32">): Tensor<"f32"> {
  const [batch, channels, length] = x.shape as readonly [number, number, number];
  const y = fn(reshape(x, [batch, channels, 1, length]));
  return reshape(y, [batch, y.shape[1]!, y.shape[3]!]);
}

/** A sequence's weights as those of an image of one row. */
export function row<D extends DType>(w: Tensor<D>): Tensor<D> {
  return reshape(w, [w.shape[0]!, w.shape[1]!, 1, w.shape[2]!]);
}

/** A sequence's size along both axes of an image of one row. */
export function along(size: PerAxis, none: number): readonly [number, number] {
  return [none, typeof size === "number" ? size : size[1]];
}

/** Options of a sequence as those of an image of one row. */
function lengthwise({ stride = 1, pad = 0, dilation = 1, groups = 1 }: ConvolveOptions): ConvolveOptions {
  const sizes = { stride: along(stride, 1), dilation: along(dilation, 1), groups };
  if (pad === "same") return { ...sizes, pad };
  if (typeof pad === "number" || typeof pad[0] === "number") return { ...sizes, pad: along(pad as PerAxis, 0) };
  return { ...sizes, pad: [[0, 0], (pad as readonly [PerAxis, readonly [number, number]])[1]] };
}
