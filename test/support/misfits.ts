// Calls of ops whose operands do not go together: an axis more or less, another size, labels beyond the classes, another
// element type. In a watched memory each is refused, or answered as its twin does, and no byte changes that is not its own.
import fc from "fast-check";
import { grad } from "../../src/autograd/backward.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { type Shape, sizeOf } from "../../src/autograd/shape.ts";
import { scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { type Engine, withEngine } from "../../src/runtime/engine.ts";
import { referenceEngine } from "../../src/runtime/reference/index.ts";
import { Guard, type Outcome } from "./guard.ts";
import { type Edit, edits, hostileNumbers } from "./mutations.ts";
import { Beside, callsOf, differentiable, mapLeaves, type OpCall, promiseOf, runCall } from "./opCalls.ts";
import type { Operand } from "./operand.ts";
import { unclean } from "./unclean.ts";

const integers = hostileNumbers.filter((number) => Object.is(number | 0, number));

// values that a type can hold: what it cannot hold is refused before any op
function held({ dtype, shape, values }: Operand): Operand {
  if (dtype === "f32") return { dtype, shape, values };
  return { dtype, shape, values: values.map((value) => (dtype === "i32" ? value | 0 : value & 255)) };
}

const MOST = 4000;

function refit({ dtype, shape: before, values }: Operand, shape: Shape): Operand {
  if (sizeOf(shape) > MOST) return { dtype, shape: before, values };
  const cell = (i: number): number => values[i % Math.max(1, values.length)] ?? 0.5;
  return { dtype, shape, values: Array.from({ length: sizeOf(shape) }, (_, i) => cell(i)) };
}

// attributes that are real numbers: what is beyond single precision, or close to its end, is no misfit of theirs
const reals = new Set([
  "scale",
  "shift",
  "value",
  "low",
  "high",
  "eps",
  "p",
  "elu",
  "eluGrad",
  "leakyRelu",
  "leakyReluGrad",
]);
const counts = hostileNumbers.filter((number) => !(Number.isFinite(number) && Math.abs(number) > 2 ** 64));

/** An operand of another shape, type or with other numbers in it. */
function misfit(operand: Operand, [, how, size, value]: Edit, beyond: number): Operand {
  const { shape, values, dtype } = operand;
  const axis = size % Math.max(1, shape.length);
  switch (how % 8) {
    case 0:
      return refit(operand, shape.filter((_, i) => i !== axis)); // prettier-ignore
    case 1:
      return refit(operand, [...shape, 1 + (size % 3)]);
    case 2:
      return refit(operand, shape.map((n, i) => (i === axis ? n + 1 + (value % 40) : n))); // prettier-ignore
    case 3:
      return refit(operand, shape.map((n, i) => (i === axis ? Math.max(0, n - 1 - (value % 2)) : n))); // prettier-ignore
    case 4:
      return refit(operand, shape.toReversed());
    case 5:
    case 6: {
      // labels and row numbers beyond what there is
      if (dtype !== "i32" || values.length === 0) return refit(operand, [sizeOf(shape)]);
      const places = [...values, Math.max(...values) + 1, beyond, ...integers];
      return {
        ...operand,
        values: values.map((v, i) => (i === size % values.length ? places[value % places.length]! : v)),
      };
    }
    default:
      return { ...operand, dtype: (["f32", "i32", "u8"] as const)[value % 3]! };
  }
}

/** A number where another is expected; only a few where any would do. */
function misnumber(number: number, real: boolean, value: number): number {
  const near = real ? [0, -number, 2 * number, 1, NaN] : [number + 1, number - 1, -number, 2 * number, ...counts];
  return near[value % near.length]!;
}

/** Attributes with one of their leaves changed, or an array of them longer or shorter. */
function misattribute(name: string, attrs: unknown, edit: Edit): unknown {
  const [at, , size, value] = edit;
  const places: string[] = [];
  const walk = (one: unknown, path: string, change?: (one: unknown, path: string) => unknown): unknown => {
    places.push(path);
    const now = change ? change(one, path) : one;
    if (now !== one) return now;
    if (Array.isArray(one)) return one.map((inner, i) => walk(inner, `${path}/${i}`, change));
    if (typeof one !== "object" || one === null || one instanceof Beside) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner, `${path}/${key}`, change)]));
  };
  walk(attrs, name);
  const place = places[at % places.length]!;
  return walk(attrs, name, (one, path) => {
    if (path !== place) return one;
    if (typeof one === "number")
      return misnumber(
        one,
        path.split("/").some((part) => reals.has(part)),
        value,
      );
    if (typeof one === "boolean") return !one;
    if (one instanceof Beside) return new Beside(held(misfit(one.operand, edit, one.operand.values.length)));
    if (!Array.isArray(one)) return one;
    if (size % 3 === 0) return one.slice(0, -1);
    return size % 3 === 1 ? [...one, one.at(-1) ?? 1] : one.toReversed();
  });
}

function damage(call: OpCall, edit: Edit): OpCall {
  const [at, how] = edit;
  if (how % 12 >= 8) return { ...call, attrs: misattribute(call.name, call.attrs, edit) };
  const which = at % Math.max(1, call.x.length);
  const operand = call.x[which];
  if (!operand) return call;
  const changed = held(misfit(operand, edit, sizeOf(call.x[0]?.shape ?? [])));
  return { ...call, x: call.x.map((x, i) => (i === which ? changed : x)) };
}

interface Answer {
  readonly shape: Shape;
  readonly values: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const numbers = (t: Tensor): number[] => Array.from<number>(t.toArray());

/** A tensor that an op may write to, between two that it may not. */
class Fence {
  readonly #posts: Tensor[] = [];

  around({ values, shape, dtype }: Operand): Tensor {
    this.#post();
    const t = tensor(values, shape, dtype);
    this.#post();
    return t;
  }

  #post(): void {
    this.#posts.push(tensor(new Float32Array(40).fill(7)));
  }

  check(): void {
    if (!this.#posts.every((post) => post.toArray().every((value) => value === 7)))
      throw new Error("wrote over memory beside a tensor among its attributes");
  }
}

// what an op answers, and, if asked for, the gradients of the sum of its answers weighed by their places
function answer(call: OpCall, operands: readonly (Tensor | null)[], differentiated: boolean): Answer {
  const reached = differentiated ? differentiable(call) : [];
  for (const i of reached) operands[i]!.requiresGrad = true;
  const fence = new Fence();
  const y = runCall(call, (_, i) => operands[i]!, (operand) => fence.around(operand)); // prettier-ignore
  fence.check();
  const found = { shape: y.shape, values: numbers(y) };
  if (!y.requiresGrad || !promiseOf(call.name).differentiable) return { ...found, gradients: [] };
  const weights = tensor(Array.from({ length: y.size }, (_, i) => ((i * 7) % 5) / 4 - 0.5), y.shape); // prettier-ignore
  const g = grad(sum(mul(y, weights)), reached.map((i) => operands[i]!)); // prettier-ignore
  fence.check();
  return { ...found, gradients: g.map(numbers) };
}

const make = ({ x }: OpCall): (Tensor | null)[] =>
  x.map((operand) => operand && tensor(operand.values, operand.shape, operand.dtype));

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

/** Throws unless a call is refused, or answered as its twin does and without harm. */
export function tryMisfit(call: OpCall): void {
  if (!guard?.small) guard = new Guard();
  const watched = guard;
  const attempt = (differentiated: boolean): Outcome<Answer> =>
    watched.watch(
      () => make(call),
      (operands) => answer(call, operands, differentiated),
    );
  // forward alone first: what a gradient allocates hides what was written behind the answer
  const forward = attempt(false);
  const outcome = "error" in forward ? forward : attempt(true);
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
    wanted = withEngine(double, () => scope(() => answer(call, make(call), true)));
  } catch (error) {
    throw new Error(`answered, where its twin throws ${String(error)}`, { cause: error });
  }
  if (String(got.shape) !== String(wanted.shape))
    throw new Error(`answered [${got.shape}], the twin [${wanted.shape}]`);
  same("the answer", got.values, wanted.values, 1e-4);
  // beyond the range of single precision the answer is infinite there, and a gradient through it nothing to compare
  if (wanted.values.some((value) => Math.abs(value) > 1e37)) return;
  got.gradients.forEach((g, i) => same(`gradient ${i}`, g, wanted.gradients[i]!, 1e-3));
}

const show = (attrs: unknown): string =>
  JSON.stringify(mapLeaves(attrs, (at) => (typeof at === "number" && !Number.isFinite(at) ? String(at) : at)));

/** A call in one line. */
export function print({ name, x, attrs }: OpCall): string {
  const operands = x.map((operand) => {
    if (!operand) return "null";
    const { dtype, shape, values } = operand;
    return `${dtype}[${shape}]${values.length > 24 ? "" : ` of ${values.map((v) => Number(v.toPrecision(4)))}`}`;
  });
  return `${name}(${operands.join("; ")}${attrs === undefined ? "" : `; ${show(attrs)}`})`;
}

/** Calls of an op, damaged by a few edits. */
export const misfits = (name: string): fc.Arbitrary<OpCall> =>
  fc.tuple(callsOf(name), edits).map(([whole, list]) => list.reduce(damage, whole));
