// Layer, group, instance and batch normalisation: one op over groups, which differ in what is a group and what a channel.
import { engine } from "../../runtime/engine.ts";
import { extra } from "../../runtime/extra.ts";
import { checkOptions, POSITIVE } from "../../runtime/options.ts";
import { defineOp, isRecording, notTwice, type Op } from "../op.ts";
import { alike, formatShape, isSize, type Shape, sizeOf } from "../shape.ts";
import { checkBeside, checkOpen, empty, type Tensor } from "../tensor.ts";
import { add } from "./add.ts";
import { affine, div, mul, sub } from "./arithmetic.ts";
import { aside } from "./aside.ts";
import { composedGradient } from "./composed.ts";
import { copy } from "./copy.ts";
import { reshape } from "./reshape.ts";
import { mean } from "./sum.ts";
import { sqrt, square } from "./unary.ts";

type Affine = readonly [x: Tensor, w: Tensor | null, b: Tensor | null];

/** x as [outer, groups, inner], and its channels as runs of elements within a group. */
interface Layout {
  readonly outer: number;
  readonly groups: number;
  readonly inner: number;
  readonly channels: number;
  readonly run: number;
}

interface Plan extends Layout {
  /** Added to what is divided by. */
  readonly eps: number;
  /** Of each group, [groups]. */
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** Whether they are given, and not those of x. */
  readonly fixed: boolean;
  /** Gradients of scale and shift, and the one of the result they were found from. */
  readonly found: { by?: Tensor; gw?: Tensor; gb?: Tensor };
}

/** Throws unless the plan is one of x, and channels have a scale and a shift each, or none has. */
function checkPlan(op: string, x: Tensor, plan: Plan, w: Tensor | null, b: Tensor | null = w): void {
  const { outer, groups, inner, channels, run, eps, mean, variance } = plan;
  checkOptions(op, { eps }, { eps: POSITIVE });
  const counts = [outer, groups, inner, channels, run];
  // channels count on through the groups, by whole runs, and none comes twice in a group
  const round = channels * run;
  const whole = (groups * inner) % round === 0 && inner % run === 0 && round % inner === 0;
  if (!counts.every(isSize) || outer * groups * inner !== x.size || (x.size > 0 && !whole))
    throw new RangeError(
      `${op}: got ${outer}x${groups}x${inner} elements, ${channels} channels in runs of ${run}, ` +
        `expected those of ${formatShape(x.shape)}`,
    );
  checkBeside(op, "mean", mean, [groups]);
  checkBeside(op, "variance", variance, [groups]);
  checkScale(op, x, channels, w, b);
}

function checkScale(op: string, x: Tensor, channels: number, w: Tensor | null, b: Tensor | null): void {
  if (!w !== !b || (w && (w.size !== channels || b!.size !== channels)))
    throw new RangeError(
      `${op}: scale and shift, got ${[w, b].map((t) => (t ? formatShape(t.shape) : "null")).join(" and ")}, ` +
        `expected both with ${channels} elements for ${formatShape(x.shape)}, or neither`,
    );
}

/** The op in ops, for gradients of its gradient. */
const plain =
  ({ outer, groups, inner, channels, run, eps, mean: given, variance, fixed }: Plan) =>
  ([x, w, b]: Affine): Tensor<"f32"> => {
    const apart = reshape(x, [outer, groups, inner]) as Tensor<"f32">;
    const across = (t: Tensor): Tensor<"f32"> =>
      fixed ? (reshape(t, [1, groups, 1]) as Tensor<"f32">) : mean(t, { axis: [0, 2], keep: true });
    const centred = sub(apart, across(fixed ? given : apart));
    const spread = across(fixed ? variance : square(centred));
    const y = div(centred, sqrt(affine(spread, 1, eps)));
    if (!w || !b || x.size === 0) return reshape(y, x.shape);
    const beside = (t: Tensor): Tensor => reshape(t, [channels, 1]);
    return reshape(add(mul(reshape(y, [x.size / (channels * run), channels, run]), beside(w)), beside(b)), x.shape);
  };

const normalizeOp: Op<Affine, Plan> = /* @__PURE__ */ defineOp<Affine, Plan>({
  name: "normalize",
  shape: ([x, w, b], plan) => {
    checkPlan("normalize", x, plan, w, b);
    return x.shape;
  },
  forward: (y, [x, w, b], { outer, groups, inner, channels, run, eps, mean, variance }) => {
    const pointers = [x.ptr, mean.ptr, variance.ptr, w?.ptr ?? 0, b?.ptr ?? 0, y.ptr] as const;
    extra().normalize(...pointers, outer, groups, inner, channels, run, eps);
  },
  vjp: [
    (g, { x, attrs }) =>
      isRecording() ? composedGradient(plain(attrs), x, 0, g) : normalizeGradOp([x[0], x[1], g], attrs),
    (g, { x, attrs }) => (isRecording() ? composedGradient(plain(attrs), x, 1, g) : scaleGradient(x[0], g, attrs)),
    (g, { x: of, attrs }) => {
      if (isRecording()) return composedGradient(plain(attrs), of, 2, g);
      const [x] = of;
      // the kernel finds both in one pass
      const gw = attrs.found.by === g ? attrs.found.gw! : scaleGradient(x, g, attrs);
      return aside(attrs.found.gb!, gw);
    },
  ],
});

const normalizeGradOp: Op<readonly [Tensor, Tensor | null, Tensor], Plan> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, w: Tensor | null, g: Tensor],
  Plan
>({
  name: "normalizeGrad",
  shape: ([x, w, g], plan) => {
    checkPlan("normalizeGrad", x, plan, w);
    return alike("normalizeGrad", x.shape, g.shape);
  },
  forward: (gx, [x, w, g], { outer, groups, inner, channels, run, eps, mean, variance, fixed }) => {
    const pointers = [x.ptr, mean.ptr, variance.ptr, w?.ptr ?? 0, g.ptr, gx.ptr] as const;
    extra().normalizeGrad(...pointers, outer, groups, inner, channels, run, eps, +fixed);
  },
  vjp: [notTwice("normalize"), notTwice("normalize"), notTwice("normalize")],
});

// the gradient of the scale; that of the shift is left in the plan
const normalizeGradScaleOp: Op<readonly [Tensor, Tensor], Plan> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, g: Tensor],
  Plan
>({
  name: "normalizeGradScale",
  shape: ([x, g], plan) => {
    checkPlan("normalizeGradScale", x, plan, null);
    alike("normalizeGradScale", x.shape, g.shape);
    return [plan.channels];
  },
  forward: (gw, [x, g], { outer, groups, inner, channels, run, eps, mean, variance, found }) => {
    found.gb = empty([channels]);
    const pointers = [x.ptr, mean.ptr, variance.ptr, g.ptr, gw.ptr, found.gb.ptr] as const;
    extra().normalizeGradScale(...pointers, outer, groups, inner, channels, run, eps);
  },
  vjp: [notTwice("normalize"), notTwice("normalize")],
});

function scaleGradient(x: Tensor, g: Tensor, plan: Plan): Tensor<"f32"> {
  const gw = normalizeGradScaleOp([x, g], plan);
  Object.assign(plan.found, { by: g, gw });
  return gw;
}

/** What is added to a variance before its root is taken. */
export interface NormOptions {
  /** Added to variances, 1e-5 unless said. */
  readonly eps?: number;
}

/** Mean and variance of groups, [groups]; the variance is the biased one. */
export interface Moments {
  /** Means by channel. */
  readonly mean: Tensor<"f32">;
  /** Variances by channel. */
  readonly variance: Tensor<"f32">;
}

function moments(x: Tensor, { outer, groups, inner }: Layout): Moments {
  const [mean, variance] = [empty([groups]), empty([groups])];
  extra().moments(x.ptr, mean.ptr, variance.ptr, outer, groups, inner);
  return { mean, variance };
}

function run(
  op: string,
  x: Tensor,
  w: Tensor | null,
  b: Tensor | null,
  layout: Layout,
  { eps = 1e-5 }: NormOptions,
  given?: Moments,
): { y: Tensor<"f32"> } & Moments {
  checkScale(op, x, layout.channels, w, b);
  checkOptions(op, { eps }, { eps: POSITIVE });
  const { mean, variance } = given ?? moments(x, layout);
  const y = normalizeOp([x, w, b], { ...layout, eps, mean, variance, fixed: given !== undefined, found: {} });
  return { y, mean, variance };
}

/**
 * Layer normalisation (Ba et al. 2016): (x - mean) / sqrt(variance + eps) over the last axes, then w x + b.
 * @param w of the shape of those axes, as b; or null, as b
 * @param axes how many of the last axes
 */
export function layerNorm(
  x: Tensor,
  w: Tensor | null,
  b: Tensor | null,
  { axes = 1, ...options }: NormOptions & { axes?: number } = {},
): Tensor<"f32"> {
  if (!(Number.isInteger(axes) && axes >= 1 && axes <= x.shape.length))
    throw new RangeError(`layerNorm: got ${axes} axes of ${formatShape(x.shape)}, expected 1 to ${x.shape.length}`);
  const inner = sizeOf(x.shape.slice(-axes));
  const groups = sizeOf(x.shape.slice(0, -axes));
  return run("layerNorm", x, w, b, { outer: 1, groups, inner, channels: inner, run: 1 }, options).y;
}

function channelsOf(op: string, shape: Shape): { batch: number; channels: number; plane: number } {
  if (shape.length < 2) throw new RangeError(`${op}: got ${formatShape(shape)}, expected [batch,channels,...]`);
  return { batch: shape[0]!, channels: shape[1]!, plane: sizeOf(shape.slice(2)) };
}

/**
 * Group normalisation (Wu & He 2018): each sample's channels in groups, each over its channels and places.
 * @param x [batch, channels, ...]
 * @param groups into how many the channels are cut
 * @param w [channels], as b; or null, as b
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  w: Tensor | null,
  b: Tensor | null,
  options: NormOptions = {},
): Tensor<"f32"> {
  const { batch, channels, plane } = channelsOf("groupNorm", x.shape);
  if (!(Number.isInteger(groups) && groups >= 1 && channels % groups === 0))
    throw new RangeError(
      `groupNorm: got ${groups} groups, expected a divisor of ${channels}, the channels of ${formatShape(x.shape)}`,
    );
  const layout = { outer: 1, groups: batch * groups, inner: (channels / groups) * plane, channels, run: plane };
  return run("groupNorm", x, w, b, layout, options).y;
}

/** Instance normalisation (Ulyanov et al. 2016): each channel of each sample over its places. x [batch, channels, ...]. */
export function instanceNorm(x: Tensor, w: Tensor | null, b: Tensor | null, options: NormOptions = {}): Tensor<"f32"> {
  return groupNorm(x, channelsOf("instanceNorm", x.shape).channels, w, b, options);
}

/**
 * Batch normalisation (Ioffe & Szegedy 2015): each channel over the batch and its places.
 * @param x [batch, channels, ...]
 * @param w [channels], as b; or null, as b
 * @param given mean and variance [channels] to take instead of x's own, as in evaluation: no gradient goes through them
 * @returns also the mean and the biased variance that were taken, without history
 */
export function batchNorm(
  x: Tensor,
  w: Tensor | null,
  b: Tensor | null,
  { given, ...options }: NormOptions & { given?: Moments } = {},
): { y: Tensor<"f32"> } & Moments {
  const { batch, channels, plane } = channelsOf("batchNorm", x.shape);
  if (given && (given.mean.size !== channels || given.variance.size !== channels))
    throw new RangeError(
      `batchNorm: got mean and variance of ${given.mean.size} and ${given.variance.size} elements, expected ${channels}`,
    );
  if (!given && x.size > 0 && batch * plane < 2)
    throw new RangeError(
      `batchNorm: got one element for each channel of ${formatShape(x.shape)}, expected more; give mean and variance`,
    );
  const layout = { outer: batch, groups: channels, inner: plane, channels, run: plane };
  // running statistics move on before the gradient is asked for
  const held = given && { mean: copy(given.mean), variance: copy(given.variance) };
  return run("batchNorm", x, w, b, layout, options, held);
}

/**
 * Moves running statistics towards a batch's, in place: running + momentum (batch - running), the variance unbiased first.
 * @param count elements of each channel in the batch
 */
export function trackMoments(running: Moments, batch: Moments, momentum: number, count: number): void {
  const { affine, axpy } = engine().kernels;
  for (const t of [running.mean, running.variance, batch.mean, batch.variance]) checkOpen(t);
  // not said to be written over: `batchNorm` reads a copy, so no gradient needs what was there, while the parameters that
  // lie in the same memory are needed by some
  for (const [to, from, scale] of [
    [running.mean, batch.mean, 1],
    [running.variance, batch.variance, count / (count - 1)],
  ] as const) {
    affine(to.ptr, to.ptr, to.size, 1 - momentum, 0);
    axpy(from.ptr, to.ptr, to.size, momentum * scale);
  }
}
