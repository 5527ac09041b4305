// Ops with operands, sizes and labels that do not fit, in a watched memory: an op that is asked for what cannot be throws,
// one that answers gives what its twin gives, and no byte changes that is not its own.
import fc from "fast-check";
import { grad } from "../../src/autograd/backward.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { type Shape, sizeOf } from "../../src/autograd/shape.ts";
import { scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { type Engine, withEngine } from "../../src/runtime/engine.ts";
import { referenceEngine } from "../../src/runtime/reference/index.ts";
import { type BadCall, badCalls } from "../support/badCalls.ts";
import { Guard } from "../support/guard.ts";
import { type Edit, edits, editJson, hostileNumbers } from "../support/mutations.ts";
import { callsOf, differentiable, type Operand, type OpCall, plainOps, runCall } from "../support/opCalls.ts";
import { batchOf, show, unclean } from "./fuzz.ts";
import type { Kind, Part } from "./kind.ts";

const integers = hostileNumbers.filter((number) => Object.is(number | 0, number));

// values that a type can hold: what it cannot hold is refused before any op
function held({ dtype, shape, values }: Operand): Operand {
  if (dtype === "f32") return { dtype, shape, values };
  return { dtype, shape, values: values.map((value) => (dtype === "i32" ? value | 0 : value & 255)) };
}

function refit({ dtype, values }: Operand, shape: Shape): Operand {
  const size = Math.min(sizeOf(shape), 100_000);
  return {
    dtype,
    shape,
    values: Array.from({ length: size }, (_, i) => values[i % Math.max(1, values.length)] ?? 0.5),
  };
}

function damage(call: OpCall, [at, how, size, value]: Edit): OpCall {
  const which = at % Math.max(1, call.x.length);
  const operand = call.x[which];
  const put = (changed: Operand): OpCall => ({ ...call, x: call.x.map((x, i) => (i === which ? held(changed) : x)) });
  if (!operand) return call;
  const { shape, values, dtype } = operand;
  const axis = size % Math.max(1, shape.length);
  switch (how % 9) {
    case 0:
      return put(refit(operand, shape.filter((_, i) => i !== axis))); // prettier-ignore
    case 1:
      return put(refit(operand, [...shape, 1 + (size % 3)]));
    case 2:
      return put(refit(operand, shape.map((n, i) => (i === axis ? n + 1 + (value % 40) : n)))); // prettier-ignore
    case 3:
      return put(refit(operand, shape.map((n, i) => (i === axis ? Math.max(0, n - 1 - (value % 2)) : n)))); // prettier-ignore
    case 4:
      return put(refit(operand, shape.toReversed()));
    case 5:
    case 6: {
      // labels and row numbers beyond what there is
      if (dtype !== "i32" || values.length === 0) return put(refit(operand, [sizeOf(shape)]));
      const places = [...values, Math.max(...values) + 1, sizeOf(call.x[0]!.shape), ...integers];
      return put({
        ...operand,
        values: values.map((v, i) => (i === size % values.length ? places[value % places.length]! : v)),
      });
    }
    case 7:
      return put({ ...operand, dtype: (["f32", "i32", "u8"] as const)[value % 3]! });
    default:
      return call.attrs === undefined ? call : { ...call, attrs: editJson(call.attrs, [[at, how, size, value]]) };
  }
}

interface Answer {
  readonly shape: Shape;
  readonly values: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const numbers = (t: Tensor): number[] => Array.from<number>(t.toArray());

// what an op answers, and the gradients of the sum of its answers weighed by their places
function answer(call: OpCall, operands: readonly (Tensor | null)[]): Answer {
  const reached = differentiable(call);
  for (const i of reached) operands[i]!.requiresGrad = true;
  const y = runCall(call, (_, i) => operands[i]!);
  const found = { shape: y.shape, values: numbers(y) };
  if (!y.requiresGrad) return { ...found, gradients: [] };
  const weights = tensor(Array.from({ length: y.size }, (_, i) => ((i * 7) % 5) / 4 - 0.5), y.shape); // prettier-ignore
  const g = grad(sum(mul(y, weights)), reached.map((i) => operands[i]!)); // prettier-ignore
  return { ...found, gradients: g.map(numbers) };
}

const make = ({ x }: OpCall): (Tensor | null)[] =>
  x.map((operand) => operand && tensor(operand.values, operand.shape, operand.dtype));

interface Trial {
  readonly call: OpCall;
  /** Whether attributes were changed, which only the op's own functions set. */
  readonly inside: boolean;
}

const double: Engine = referenceEngine();
let guard: Guard | undefined;

function same(what: string, got: readonly number[], wanted: readonly number[], tolerance: number): void {
  const scale = wanted.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1);
  got.forEach((value, i) => {
    const want = wanted[i]!;
    // beyond the range of single precision both are infinite, or a difference of such
    if (Object.is(value, want) || Math.abs(want) > 1e37 || scale > 1e30) return;
    if (!(Math.abs(value - want) <= tolerance * scale))
      throw new Error(`answered, but element ${i} of ${what} is ${value} and the twin has ${want}`);
  });
}

function tryCall({ call, inside }: Trial): void {
  guard ??= new Guard();
  const outcome = guard.watch(
    () => make(call),
    (operands) => answer(call, operands),
  );
  // what only the op's own functions say is theirs to check; it may do no harm all the same
  if (inside) return;
  if ("error" in outcome) {
    // what cannot be differentiated again says so in an error of its own
    if (outcome.error instanceof Error && /cannot be differentiated again/.test(outcome.error.message)) return;
    const wrong = unclean(outcome.error);
    if (wrong !== undefined) throw new Error(wrong, { cause: outcome.error });
    return;
  }
  const got = outcome.value;
  let wanted: Answer;
  try {
    wanted = withEngine(double, () => scope(() => answer(call, make(call))));
  } catch (error) {
    throw new Error(`answered, where its twin throws ${String(error)}`, { cause: error });
  }
  if (String(got.shape) !== String(wanted.shape))
    throw new Error(`answered [${got.shape}], the twin [${wanted.shape}]`);
  same("the answer", got.values, wanted.values, 1e-4);
  got.gradients.forEach((g, i) => same(`gradient ${i}`, g, wanted.gradients[i]!, 1e-3));
}

function print({ name, x, attrs }: OpCall): string {
  const operands = x.map((operand) => {
    if (!operand) return "null";
    const { dtype, shape, values } = operand;
    return `${dtype}[${shape}]${values.length > 24 ? "" : ` of ${values.map((v) => Number(v.toPrecision(4)))}`}`;
  });
  return `${name}(${operands.join("; ")}${attrs === undefined ? "" : `; ${JSON.stringify(attrs)}`})`;
}

function trials(name: string): fc.Arbitrary<Trial> {
  return fc.tuple(callsOf(name), edits).map(([whole, list]) => {
    const call = list.reduce(damage, whole!);
    return { call, inside: show(call.attrs) !== show(whole!.attrs) };
  });
}

const misfits = (name: string): Part => ({
  name,
  batch: (seed, mark) => batchOf(trials(name), tryCall, { seed, runs: 100, mark, print: ({ call }) => print(call) }),
});

function tryBad({ act }: BadCall): void {
  guard ??= new Guard();
  const outcome = guard.watch(
    () => undefined,
    () => String(act()),
  );
  if ("value" in outcome) throw new Error(`was answered with ${outcome.value}, expected an error`);
  const wrong = unclean(outcome.error);
  if (wrong !== undefined) throw new Error(wrong, { cause: outcome.error });
}

const refusals: Part = {
  name: "refusals",
  batch: (seed, mark) => batchOf(badCalls, tryBad, { seed, runs: 500, mark, print: ({ said }) => said }),
};

export const canaries: Kind = {
  name: "canaries",
  cases: "calls",
  share: 3,
  limitSeconds: 90,
  parts: [refusals, ...plainOps.map(misfits)],
};
