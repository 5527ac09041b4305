// The samples of ops as plain calls: a name, operands as values, attributes. What is plain can be changed, sent elsewhere and
// run in any engine.
import fc from "fast-check";
import { ops } from "../../src/autograd/op.ts";
import type { Shape } from "../../src/autograd/shape.ts";
import { type DType, scope, Tensor, tensor } from "../../src/autograd/tensor.ts";
import { samples } from "./samples.ts";
import { type Case, onOp } from "./samples/sample.ts";

/** One operand. */
export interface Operand {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** An op as it is called. */
export interface OpCall {
  readonly name: string;
  readonly x: readonly (Operand | null)[];
  readonly attrs: unknown;
}

function operandOf(t: Tensor | null): Operand | null {
  return t && { dtype: t.dtype, shape: [...t.shape], values: Array.from<number>(t.toArray()) };
}

// attributes that are tensors themselves belong to one engine and cannot be had apart from it
function holdsTensors(value: unknown): boolean {
  if (value instanceof Tensor) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsTensors);
}

function callOf(name: string, { f, points }: Case): OpCall | undefined {
  let found: OpCall | undefined;
  const keep = (x: readonly (Tensor | null)[], attrs: unknown): void => {
    if (!holdsTensors(attrs)) found = { name, x: x.map(operandOf), attrs: structuredClone(attrs) };
  };
  return scope(() => {
    const x = points.map(({ shape, values }) => tensor(values, shape));
    for (const t of x) t.requiresGrad = true;
    onOp.hear = (called, operands, attrs) => called === name && keep(operands, attrs);
    try {
      const y = f(...x);
      // samples that use an op's own function leave its history
      if (!found && y.op?.name === name) keep(y.inputs, y.attrs);
    } finally {
      onOp.hear = undefined;
    }
    return found;
  });
}

/** What six axes of seven make tells no more than what is small. */
const MOST = 1500;

/** Calls of an op; undefined where its attributes hold tensors, as an LSTM's do. */
export function callsOf(name: string): fc.Arbitrary<OpCall | undefined> {
  return samples[name]!.cases.filter(({ points }) => points.every(({ values }) => values.length <= MOST)).map((at) =>
    callOf(name, at),
  );
}

/** Ops whose calls are plain. */
export const plainOps: readonly string[] = Object.keys(samples).filter(
  (name) => fc.sample(callsOf(name), { numRuns: 1, seed: 1 })[0] !== undefined,
);

/** Runs a call; its operands are made by `make`, plain tensors unless said. */
export function runCall(
  { name, x, attrs }: OpCall,
  make: (operand: Operand, index: number) => Tensor = ({ values, shape, dtype }) => tensor(values, shape, dtype),
): Tensor {
  return ops().get(name)!(
    x.map((operand, i) => operand && make(operand, i)),
    attrs,
  );
}

/** The operands that a gradient can reach. */
export function differentiable({ name, x }: OpCall): number[] {
  const { vjp } = ops().get(name)!;
  return x.flatMap((operand, i) => (operand?.dtype === "f32" && vjp[i] ? [i] : []));
}
