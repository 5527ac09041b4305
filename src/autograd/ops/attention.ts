// Scaled dot-product attention, forward and backward fused: memory for a few rows of scores, never for all of them.
import { extra } from "../../runtime/extra.ts";
import { checkOptions, FINITE } from "../../runtime/options.ts";
import { defineOp, isRecording, notTwice, type Op } from "../op.ts";
import { alike, formatShape, isSize, sameShape, sizeOf } from "../shape.ts";
import { checkBeside, empty, scratch, type Tensor, tensor } from "../tensor.ts";
import { affine, mul } from "./arithmetic.ts";
import { aside } from "./aside.ts";
import { composedGradient } from "./composed.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./reshape.ts";
import { where } from "./select.ts";
import { softmax } from "./softmax.ts";

type Operands = readonly [q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null];

interface Plan {
  readonly batch: number;
  readonly heads: number;
  readonly causal: boolean;
  readonly scale: number;
  /** The logarithm of each row's sum of exponentials. */
  readonly sums: Tensor;
  /** Gradients of k and v, found with that of q; made by the backward pass. */
  readonly found: { gk?: Tensor; gv?: Tensor };
}

// the last says that each head has its rows to itself
type Arguments = [number, number, number, number, number, number, number, number, 0];

function sizes([q, k, v]: readonly Tensor[], { batch, heads, causal, scale }: Plan): Arguments {
  const [queries, d] = q!.shape.slice(-2) as [number, number];
  return [batch, heads, queries, k!.shape.at(-2)!, d, v!.shape.at(-1)!, +causal, scale, 0];
}

/** Throws unless operands and plan go together. */
function check(op: string, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, plan: Plan): void {
  const { batch, heads, scale, sums } = plan;
  if (!Number.isFinite(scale)) throw new RangeError(`${op}: scale, got ${scale}, expected a finite number`);
  const lead = q.shape.slice(0, -2);
  const [queries, d] = q.shape.slice(-2);
  const [keys, width] = v.shape.slice(-2);
  if (
    q.shape.length < 3 ||
    !sameShape(k.shape, [...lead, keys!, d!]) ||
    !sameShape(v.shape, [...lead, keys!, width!]) ||
    !(isSize(batch) && isSize(heads) && batch * heads === sizeOf(lead))
  )
    throw new RangeError(
      `${op}: got ${[q, k, v].map((t) => formatShape(t.shape)).join(" ")} for ${batch} times ${heads} heads, ` +
        `expected [batch,...,queries,d] [batch,...,keys,d] [batch,...,keys,width]`,
    );
  if (mask) checkBeside(op, "mask", mask, [batch, keys!]);
  checkBeside(op, "sums", sums, [...lead, queries!]);
}

/** The op in ops, for gradients of its gradient; all scores are kept. */
const plain =
  ({ causal, scale }: Plan) =>
  ([q, k, v, mask]: Operands): Tensor<"f32"> => {
    const [queries, keys] = [q.shape.at(-2)!, k.shape.at(-2)!];
    const own = Array.from({ length: queries * keys }, (_, i) => Number(!causal || i % keys <= Math.floor(i / keys)));
    const alone = tensor(own, [queries, keys]);
    const among = q.shape.slice(1, -1).map(() => 1);
    const seen = mask ? mul(reshape(mask, [mask.shape[0]!, ...among, keys]), alone) : alone;
    const scores = affine(matmul(q, k, { transB: true }), scale, 0);
    // finite, so that a query that sees no key is no NaN; it gets zeros
    return matmul(where(seen, softmax(where(seen, scores, -1e30)), 0), v);
  };

const attentionOp: Op<Operands, Plan> = /* @__PURE__ */ defineOp<Operands, Plan>({
  name: "attention",
  shape: ([q, k, v, mask], plan) => {
    check("attention", q, k, v, mask, plan);
    return [...q.shape.slice(0, -1), v.shape.at(-1)!];
  },
  forward: (y, [q, k, v, mask], plan) => {
    const work = scratch(extra().attentionScratchBytes(k.shape.at(-2)!)).ptr;
    const pointers = [q.ptr, k.ptr, v.ptr, mask?.ptr ?? 0, y.ptr, plan.sums.ptr] as const;
    extra().attention(...pointers, ...sizes([q, k, v], plan), work);
  },
  through: (g, { x: [q, k, v, mask], y, attrs }) => (isRecording() ? g : attentionGradOp([q, k, v, mask, y, g], attrs)),
  vjp: [
    (g, { x, attrs }) => (isRecording() ? composedGradient(plain(attrs), x, 0, g) : g),
    (g, { x, attrs }) => (isRecording() ? composedGradient(plain(attrs), x, 1, g) : aside(attrs.found.gk!, g)),
    (g, { x, attrs }) => (isRecording() ? composedGradient(plain(attrs), x, 2, g) : aside(attrs.found.gv!, g)),
    null,
  ],
});

// the gradient of q; those of k and v are left in the plan
const attentionGradOp: Op<readonly [...Operands, Tensor, Tensor], Plan> = /* @__PURE__ */ defineOp<
  readonly [...Operands, y: Tensor, g: Tensor],
  Plan
>({
  name: "attentionGrad",
  shape: ([q, k, v, mask, y, g], plan) => {
    check("attentionGrad", q, k, v, mask, plan);
    alike("attentionGrad", [...q.shape.slice(0, -1), v.shape.at(-1)!], y.shape, g.shape);
    return q.shape;
  },
  forward: (gq, [q, k, v, mask, y, g], plan) => {
    const [gk, gv] = [empty(k.shape), empty(v.shape)];
    Object.assign(plan.found, { gk, gv });
    const work = scratch(extra().attentionGradScratchBytes(k.shape.at(-2)!)).ptr;
    const pointers = [
      q.ptr,
      k.ptr,
      v.ptr,
      mask?.ptr ?? 0,
      y.ptr,
      plan.sums.ptr,
      g.ptr,
      gq.ptr,
      gk.ptr,
      gv.ptr,
    ] as const;
    extra().attentionGrad(...pointers, ...sizes([q, k, v], plan), work);
  },
  vjp: [
    notTwice("attention"),
    notTwice("attention"),
    notTwice("attention"),
    null,
    notTwice("attention"),
    notTwice("attention"),
  ],
});

/** What queries do not see, and how scores are scaled. */
export interface AttentionOptions {
  /** Query i sees keys 0 to i alone. */
  readonly causal?: boolean;
  /** [batch, keys]: keys that are 0, such as padding, are seen by no query. */
  readonly mask?: Tensor;
  /** 1 / sqrt(d) unless said. */
  readonly scale?: number;
}

/**
 * softmax(Q K^T scale) V (Vaswani et al. 2017, arXiv 1706.03762); a query that sees no key gets zeros.
 * @param q [batch, ..., queries, d]; axes between are heads
 * @param k [batch, ..., keys, d]
 * @param v [batch, ..., keys, width]
 * @returns [batch, ..., queries, width]
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor<"f32"> {
  checkOptions("attention", options, { scale: FINITE });
  const { causal = false, mask, scale = 1 / Math.sqrt(q.shape.at(-1)!) } = options;
  const [batch, keys] = [q.shape[0] ?? 0, k.shape.at(-2) ?? 0];
  if (mask && !sameShape(mask.shape, [batch, keys]))
    throw new RangeError(`attention: mask, got ${formatShape(mask.shape)}, expected [${batch},${keys}]`);
  const heads = sizeOf(q.shape.slice(1, -2));
  const sums = empty(q.shape.slice(0, -1));
  return attentionOp([q, k, v, mask ?? null], { batch, heads, causal, scale, sums, found: {} });
}
