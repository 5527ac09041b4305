// The samples of ops and functions as plain calls: a name, operands as values, attributes. What is plain can be changed, sent
// elsewhere and run in any engine.
import fc from "fast-check";
import { ops } from "../../src/autograd/op.ts";
import { scope, Tensor, tensor } from "../../src/autograd/tensor.ts";
import { functions } from "./functions.ts";
import type { Operand } from "./operand.ts";
import { samples } from "./samples.ts";
import { type Case, onOp } from "./samples/sample.ts";

/** A tensor among attributes, as the operand it is made from. */
export class Beside {
  readonly operand: Operand;

  constructor(operand: Operand) {
    this.operand = operand;
  }
}

/** An op or a function as it is called. */
export interface OpCall {
  readonly name: string;
  readonly x: readonly (Operand | null)[];
  readonly attrs: unknown;
}

/** What makes tensors of operands. */
export type Make = (operand: Operand) => Tensor;

const plain: Make = ({ values, shape, dtype }) => tensor(values, shape, dtype);

function operandOf(t: Tensor | null): Operand | null {
  return t && { dtype: t.dtype, shape: [...t.shape], values: Array.from<number>(t.toArray()) };
}

/** The same attributes with every leaf changed; objects and arrays are new ones. */
export function mapLeaves(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((at) => mapLeaves(at, leaf));
  if (typeof value !== "object" || value === null || value instanceof Tensor || value instanceof Beside)
    return leaf(value);
  return Object.fromEntries(Object.entries(value).map(([name, at]) => [name, mapLeaves(at, leaf)]));
}

function callOf(name: string, { f, points }: Case): OpCall {
  let found: OpCall | undefined;
  const keep = (x: readonly (Tensor | null)[], attrs: unknown): void => {
    const held = mapLeaves(attrs, (at) => (at instanceof Tensor ? new Beside(operandOf(at)!) : at));
    found = { name, x: x.map(operandOf), attrs: held };
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
    if (!found) throw new Error(`sample of ${name}: leaves no call of it`);
    return found;
  });
}

/** What six axes of seven make tells no more than what is small. */
const MOST = 1500;

/** Calls of an op, or of a function that makes ops of what it is given. */
export function callsOf(name: string): fc.Arbitrary<OpCall> {
  const own = functions[name];
  if (own) return own.cases.map(({ x, attrs }) => ({ name, x, attrs }));
  return samples[name]!.cases.filter(({ points }) => points.every(({ values }) => values.length <= MOST)).map((at) =>
    callOf(name, at),
  );
}

/** Everything that can be called: ops by name, then functions. */
export const callable: readonly string[] = [...Object.keys(samples), ...Object.keys(functions)];

/** How far an answer may be off, relative to the largest of the tensor, and whether it has a gradient. */
export function promiseOf(name: string): { readonly tolerance: number; readonly differentiable: boolean } {
  const { tolerance = 0, order } = functions[name] ?? samples[name]!;
  return { tolerance, differentiable: order !== 0 };
}

/**
 * Runs a call.
 * @param make what makes its operands, plain tensors unless said
 * @param beside what makes the tensors among its attributes
 */
export function runCall(
  { name, x, attrs }: OpCall,
  make: (operand: Operand, index: number) => Tensor = plain,
  beside: Make = plain,
): Tensor {
  const operands = x.map((operand, i) => operand && make(operand, i));
  const live = mapLeaves(attrs, (at) => (at instanceof Beside ? beside(at.operand) : at));
  return functions[name] ? functions[name].run(operands, live as never) : ops().get(name)!(operands, live);
}

/** The operands that a gradient can reach. */
export function differentiable({ name, x }: OpCall): number[] {
  const { vjp } = functions[name] ? { vjp: undefined } : ops().get(name)!;
  return x.flatMap((operand, i) => (operand?.dtype === "f32" && (!vjp || vjp[i]) ? [i] : []));
}
