// Attention of a sequence over itself, from queries, keys and values that lie beside each other as one projection leaves
// them: no head is copied to a place of its own, neither way.
import { extra } from "../../runtime/extra.ts";
import { checkOptions, FINITE } from "../../runtime/options.ts";
import { defineOp, isRecording, notTwice, type Op } from "../op.ts";
import { alike, formatShape, isSize, type Shape } from "../shape.ts";
import { checkBeside, empty, scratch, type Tensor } from "../tensor.ts";
import { attention, type AttentionOptions } from "./attention.ts";
import { composedGradient } from "./composed.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";

type Operands = readonly [x: Tensor, mask: Tensor | null];

interface Plan {
  readonly heads: number;
  readonly causal: boolean;
  readonly scale: number;
  /** The logarithm of each row's sum of exponentials, [batch, heads, steps]. */
  readonly sums: Tensor;
}

/** The shape of the answers; throws unless operands and plan go together. */
function check(op: string, x: Tensor, mask: Tensor | null, { heads, scale, sums }: Plan): Shape {
  const [batch, steps, all] = x.shape;
  if (x.shape.length !== 3 || !isSize(heads) || heads === 0 || all! % (3 * heads) !== 0)
    throw new RangeError(
      `${op}: got ${formatShape(x.shape)} for ${heads} heads, expected [batch,steps,3 width] of a width that they share`,
    );
  if (!Number.isFinite(scale)) throw new RangeError(`${op}: scale, got ${scale}, expected a finite number`);
  if (mask) checkBeside(op, "mask", mask, [batch!, steps!]);
  checkBeside(op, "sums", sums, [batch!, heads, steps!]);
  return [batch!, steps!, all! / 3];
}

type Arguments = [number, number, number, number, number, number, number, number, number];

function sizes({ shape }: Tensor, { heads, causal, scale }: Plan): Arguments {
  const [batch, steps, all] = shape as readonly [number, number, number];
  const d = all / (3 * heads);
  return [batch, heads, steps, steps, d, d, +causal, scale, all];
}

/** Addresses of the first query, key and value. */
function parts({ ptr, shape }: Tensor): [q: number, k: number, v: number] {
  const bytes = (shape[2]! / 3) * 4;
  return [ptr, ptr + bytes, ptr + 2 * bytes];
}

/** The op in ops, for gradients of its gradient. */
const plain =
  ({ heads, causal, scale }: Plan) =>
  ([x, mask]: Operands): Tensor<"f32"> => {
    const [batch, steps, all] = x.shape as readonly [number, number, number];
    const each = all / (3 * heads);
    const apart = permute(reshape(x, [batch, steps, 3, heads, each]), [2, 0, 3, 1, 4]);
    const [q, k, v] = [0, 1, 2].map((i) =>
      reshape(slice(apart, { axis: 0, from: i, to: i + 1 }), [batch, heads, steps, each]),
    ) as [Tensor, Tensor, Tensor];
    const y = attention(q, k, v, { causal, scale, ...(mask && { mask }) });
    return reshape(permute(y, [0, 2, 1, 3]), [batch, steps, all / 3]);
  };

const selfAttentionOp: Op<Operands, Plan> = /* @__PURE__ */ defineOp<Operands, Plan>({
  name: "selfAttention",
  shape: ([x, mask], plan) => check("selfAttention", x, mask, plan),
  forward: (y, [x, mask], plan) => {
    const work = scratch(extra().attentionScratchBytes(x.shape[1]!)).ptr;
    extra().attention(...parts(x), mask?.ptr ?? 0, y.ptr, plan.sums.ptr, ...sizes(x, plan), work);
  },
  vjp: [
    (g, { x, y, attrs }) =>
      isRecording() ? composedGradient(plain(attrs), x, 0, g) : selfAttentionGradOp([...x, y, g], attrs),
    null,
  ],
});

const selfAttentionGradOp: Op<readonly [...Operands, Tensor, Tensor], Plan> = /* @__PURE__ */ defineOp<
  readonly [...Operands, y: Tensor, g: Tensor],
  Plan
>({
  name: "selfAttentionGrad",
  shape: ([x, mask, y, g], plan) => {
    alike("selfAttentionGrad", check("selfAttentionGrad", x, mask, plan), y.shape, g.shape);
    return x.shape;
  },
  forward: (gx, [x, mask, y, g], plan) => {
    const work = scratch(extra().attentionGradScratchBytes(x.shape[1]!)).ptr;
    const given = [...parts(x), mask?.ptr ?? 0, y.ptr, plan.sums.ptr, g.ptr] as const;
    extra().attentionGrad(...given, ...parts(gx), ...sizes(x, plan), work);
  },
  vjp: [notTwice("selfAttention"), null, notTwice("selfAttention"), notTwice("selfAttention")],
});

/**
 * `attention` of a sequence over itself, of several heads: softmax(Q K^T scale) V of each, beside each other again.
 * @param x [batch, steps, 3 width]: queries, keys, values of a step, each with its heads beside each other
 * @param heads which share the width
 * @param options as `attention` has them, the scale 1 / sqrt(width / heads) unless said
 * @returns [batch, steps, width]
 */
export function selfAttention(x: Tensor, heads: number, options: AttentionOptions = {}): Tensor<"f32"> {
  checkOptions("selfAttention", options, { scale: FINITE });
  const [batch = 0, steps = 0, all = 0] = x.shape;
  const { causal = false, mask, scale = 1 / Math.sqrt(all / (3 * heads)) } = options;
  const known = isSize(heads) ? heads : 0;
  return selfAttentionOp([x, mask ?? null], { heads, causal, scale, sums: empty([batch, known, steps]) });
}
