// Attention, and cells that run over all steps.
import type { Tensor } from "../../autograd/tensor.ts";
import type { Builder } from "../builder.ts";
import { type Emit, lastTwo, reshaped, type Rules, scalar } from "../rule.ts";

/** Which keys a query does not see, true or false, to be spread over scores [batch, ..., queries, keys]; null if it sees all. */
function hiddenFrom(to: Builder, scores: readonly number[], mask: Tensor | null, causal: boolean): string | null {
  const [queries, keys] = scores.slice(-2) as [number, number];
  const later = Array.from({ length: queries * keys }, (_, i) => Number(i % keys > Math.floor(i / keys)));
  const ahead = causal ? to.node("Equal", [to.constant(later, [queries, keys]), scalar(to, 1)]) : null;
  if (!mask) return ahead;
  const places = [-1, ...scores.slice(1, -1).map(() => 1), keys];
  const absent = to.node("Equal", [to.node("Reshape", [to.name(mask), to.sizes(places)]), scalar(to, 0)]);
  return ahead === null ? absent : to.node("Or", [absent, ahead]);
}

interface Heads {
  readonly causal: boolean;
  readonly scale: number;
}

/** Answers of queries, keys and values by name; `scores` is [batch, ..., queries, keys]. */
function attend(
  to: Builder,
  [q, k, v]: readonly [string, string, string],
  scores: readonly number[],
  mask: Tensor | null,
  { causal, scale }: Heads,
): string {
  const keys = to.node("Transpose", [k], { perm: lastTwo(scores) });
  const products = to.node("Mul", [to.node("MatMul", [q, keys]), scalar(to, scale)]);
  const hidden = hiddenFrom(to, scores, mask, causal);
  const shares = (of: string): string => to.node("Softmax", [of], { axis: -1 });
  if (hidden === null) return to.node("MatMul", [shares(products), v]);
  // finite, so that a query that sees no key is no NaN; it gets zeros
  const seen = to.node("Where", [hidden, scalar(to, -1e30), products]);
  return to.node("MatMul", [to.node("Where", [hidden, scalar(to, 0), shares(seen)]), v]);
}

const attention: Emit = (to, _, [q, k, v, mask], heads: Heads) =>
  attend(
    to,
    [to.name(q!), to.name(k!), to.name(v!)],
    [...q!.shape.slice(0, -1), k!.shape.at(-2)!],
    mask ?? null,
    heads,
  );

const selfAttention: Emit = (to, y, [x, mask], plan: Heads & { heads: number }) => {
  const [batch, steps, width] = y.shape as readonly [number, number, number];
  const { heads } = plan;
  const apart = reshaped(to, to.name(x!), [batch, steps, 3, heads, width / heads]);
  const part = (i: number): string =>
    to.node("Transpose", [to.node("Gather", [apart, to.constant([i], [], "i64")], { axis: 2 })], {
      perm: [0, 2, 1, 3],
    });
  const answers = attend(to, [part(0), part(1), part(2)], [batch, heads, steps, steps], mask ?? null, plan);
  return reshaped(to, to.node("Transpose", [answers], { perm: [0, 2, 1, 3] }), y.shape);
};

interface Run {
  readonly steps: number;
  readonly reverse: boolean;
}

/** Weights, biases and states as ONNX has them, for one direction; `order` says which of our gates each of its gates is. */
function cell(
  to: Builder,
  [x, wx, wh, bx, bh, ...states]: readonly (Tensor | null)[],
  { steps }: Run,
  order: readonly number[],
): string[] {
  const width = wh!.shape[1]!;
  const rows = order.flatMap((gate) => Array.from({ length: width }, (_, i) => gate * width + i));
  const numbers = to.constant(rows, [rows.length], "i64");
  const gates = (t: Tensor): string => to.node("Gather", [to.name(t), numbers], { axis: 0 });
  const alone = (of: string): string => to.node("Unsqueeze", [of, to.sizes([0])]);
  return [
    to.node("Reshape", [to.name(x!), to.sizes([steps, -1, x!.shape[1]!])]),
    alone(gates(wx!)),
    alone(gates(wh!)),
    alone(to.node("Concat", [gates(bx!), gates(bh!)], { axis: 0 })),
    // sequences are of one length
    "",
    ...states.map((t) => (t ? alone(to.name(t)) : "")),
  ];
}

const settings = ({ reverse }: Run, wh: Tensor): Record<string, number | string> => ({
  hidden_size: wh.shape[1]!,
  direction: reverse ? "reverse" : "forward",
});

export const sequences: Rules = {
  attention,
  selfAttention,
  // the states behind all steps, then the last cells
  lstmSteps: (to, _, x, run: Run) => {
    const wh = x[2]!;
    const outputs = to.nodeOf(3, "LSTM", cell(to, x, run, [0, 3, 1, 2]), settings(run, wh));
    const flat = (of: string): string => reshaped(to, of, [1, wh.shape[1]!]);
    return to.node("Concat", [flat(outputs[0]!), flat(outputs[2]!)], { axis: 0 });
  },
  gruSteps: (to, _, x, run: Run) => {
    const wh = x[2]!;
    const inputs = cell(to, x, run, [1, 0, 2]);
    const y = to.node("GRU", inputs, { ...settings(run, wh), linear_before_reset: 1 });
    return reshaped(to, y, [1, wh.shape[1]!]);
  },
};
