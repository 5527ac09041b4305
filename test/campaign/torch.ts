// Our ops against PyTorch's, on random calls: values and gradients, which a child process gives in double precision. Where
// an op works number by number, also at the ends of the numbers: infinities, NaN, zeros of either sign, the largest, the
// smallest.
import fc from "fast-check";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { grad } from "../../src/autograd/backward.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { callable, callsOf, differentiable, type OpCall, promiseOf, runCall } from "../support/opCalls.ts";
import { batchOf, show } from "./fuzz.ts";
import type { Kind, Part } from "./kind.ts";

const script = fileURLToPath(new URL("twins.py", import.meta.url));
const environment = fileURLToPath(new URL("../../build/campaign/torch", import.meta.url));

/** What its script knows by name. */
const twins: readonly string[] = Array.from(
  readFileSync(script, "utf8").matchAll(/^ {4}"(\w+(?:\(\))?)": /gm),
  ([, name]) => name!,
);

interface Answer {
  readonly error?: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
  readonly gradients: readonly (readonly (number | string)[])[];
}

let child: ChildProcess | undefined;
let answers: AsyncIterator<string> | undefined;

function python(): string | undefined {
  const places = [process.env["MOIETY_PYTHON"], `${environment}/bin/python`, "python3"];
  return places.find(
    (place) =>
      place !== undefined &&
      (place === "python3" || existsSync(place)) &&
      spawnSync(place, ["-c", "import importlib.util as u, sys; sys.exit(u.find_spec('torch') is None)"]).status === 0,
  );
}

async function missing(): Promise<string | undefined> {
  const command = python();
  if (command === undefined)
    return "no Python with torch; python3 -m venv build/campaign/torch && build/campaign/torch/bin/pip install torch==2.15.0";
  child = spawn(command, [script], { stdio: ["pipe", "pipe", "inherit"] });
  answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const first = await answers.next();
  return first.done ? "the child process with torch ended" : undefined;
}

async function ask(question: unknown): Promise<Answer> {
  const text = JSON.stringify(question, (_, at: unknown) =>
    typeof at === "number" && !Number.isFinite(at) ? String(at) : at,
  );
  child!.stdin!.write(`${text}\n`);
  const { value, done } = await answers!.next();
  if (done) throw new Error("the child process with torch ended");
  return JSON.parse(value as string) as Answer;
}

const words: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const numberOf = (value: number | string): number => (typeof value === "string" ? words[value]! : value);

const WEIGHTS = Array.from({ length: 1 << 16 }, (_, i) => (((i * 7) % 11) - 5) / 8);

function compare(
  what: string,
  got: readonly number[],
  wanted: Answer["values"],
  allowed: (want: number, scale: number) => number,
): void {
  const wants = wanted.map(numberOf);
  const scale = wants.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1);
  if (got.length !== wants.length) throw new Error(`${what} has ${got.length} elements, PyTorch's ${wants.length}`);
  got.forEach((value, i) => {
    const want = Math.fround(wants[i]!);
    if (value === want || (Number.isNaN(value) && Number.isNaN(want))) return;
    if (!(Math.abs(value - wants[i]!) <= allowed(wants[i]!, scale)))
      throw new Error(`element ${i} of ${what} is ${value}, PyTorch has ${wants[i]}`);
  });
}

const numbers = (t: Tensor): number[] => Array.from<number>(t.toArray());

async function tryCall(call: OpCall): Promise<void> {
  const reached = differentiable(call);
  const ours = scope(() => {
    const x: (Tensor | null)[] = [];
    const y = runCall(call, (operand, i) => {
      const t = tensor(operand.values, operand.shape, operand.dtype);
      if (reached.includes(i)) t.requiresGrad = true;
      return (x[i] = t);
    });
    const values = numbers(y);
    // some rules are made for the gradient of a gradient, which other libraries spell otherwise
    const gradients =
      y.requiresGrad && y.size > 0 && promiseOf(call.name).differentiable
        ? grad(sum(mul(y, tensor(WEIGHTS.slice(0, y.size), y.shape))), reached.map((i) => x[i]!)).map(numbers) // prettier-ignore
        : [];
    return { shape: y.shape, values, gradients };
  });
  const theirs = await ask({
    ...call,
    reached: ours.gradients.length > 0 ? reached : [],
    weights: WEIGHTS.slice(0, ours.values.length),
  });
  if (theirs.error !== undefined) throw new Error(`PyTorch refuses it: ${theirs.error}`);
  if (String(theirs.shape) !== String(ours.shape))
    throw new Error(`has shape [${ours.shape}], PyTorch's [${theirs.shape}]`);
  const tolerance = Math.max(1e-5, 2 * promiseOf(call.name).tolerance);
  compare("the answer", ours.values, theirs.values, (_, scale) => tolerance * scale);
  ours.gradients.forEach((g, i) =>
    compare(`gradient ${i}`, g, theirs.gradients[i]!, (_, scale) => 10 * tolerance * scale),
  );
}

// ---- at the ends of the numbers ----

const elementwise = new Set(
  (
    "add sub mul div maximum minimum neg exp log sqrt square abs reciprocal relu sigmoid tanh logSigmoid copy where compare " +
    "erf gelu silu expm1 log1p sin cos elu leakyRelu clip softmax logSoftmax"
  ).split(" "),
);
const ends = [0, -0, NaN, Infinity, -Infinity, 1, -1, 3.4e38, -3.4e38, 1e-38, 1e-45, 88, -87, -100, 1e10, -1e5, 0.5];
const single = ends.map(Math.fround);

// what is smaller may be 0: 2^-125 unless a function says otherwise
const floors: Readonly<Record<string, number>> = { silu: 1.5e-36 };

// 0 is what they tend to; PyTorch multiplies infinity by 0
const limits: Readonly<Record<string, number>> = { gelu: -Infinity, silu: -Infinity };

function atTheEnds(call: OpCall, seed: number): OpCall {
  const x = call.x.map((operand, o) =>
    operand && operand.dtype === "f32"
      ? {
          ...operand,
          values: operand.values.map((v, i) =>
            (seed + i) % 3 === 0 ? v : single[(seed + 31 * o + 7 * i) % single.length]!,
          ),
        }
      : operand,
  );
  const limit = limits[call.name];
  return {
    ...call,
    x: x.map((operand) => operand && { ...operand, values: operand.values.map((v) => (v === limit ? -1 : v)) }),
  };
}

async function tryEnds(call: OpCall): Promise<void> {
  const values = scope(() => numbers(runCall(call)));
  const theirs = await ask({ ...call, reached: [], weights: [] });
  if (theirs.error !== undefined) throw new Error(`PyTorch refuses it: ${theirs.error}`);
  const least = floors[call.name] ?? 2.4e-38;
  compare("the answer", values, theirs.values, (want) =>
    Math.abs(want) > 3.4e38 ? Infinity : 1e-5 * Math.abs(want) + least,
  );
}

const print = ({ name, x, attrs }: OpCall): string => `${name} ${show(x)} ${show(attrs)}`;

const part = (name: string): Part => ({
  name,
  batch: async (seed, mark) => {
    const calls = callsOf(name);
    const usual = await batchOf(calls, tryCall, { seed, runs: 40, mark, print });
    if (!elementwise.has(name)) return usual;
    const wild = fc.tuple(calls, fc.nat(1000)).map(([call, at]) => atTheEnds(call, at));
    const more = await batchOf(wild, tryEnds, { seed, runs: 20, mark, print });
    return { cases: usual.cases + more.cases, findings: [...usual.findings, ...more.findings] };
  },
});

export const torch: Kind = {
  name: "torch",
  cases: "calls",
  share: 3,
  limitSeconds: 120,
  parts: callable.filter((name) => twins.includes(name)).map(part),
  missing,
  close: async () => void child?.kill(),
};
