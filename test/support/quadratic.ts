// Federated methods on quadratics of two parameters, whole as they are but in double precision on the reference engine, so
// that update rules can be held to closed forms:
//
//   f_i(w) = 1/2 sum_k h_ik (w_k - b_ik)^2
//
// A client's rows all say the same (h1, h2, b1, b2), so a batch of any size has the full gradient and row counts are weights.
// The "model" has one class and answers log p = -f, whose negative log-likelihood is f: methods do not notice. Its body holds
// the first parameter and its head the second.
import { concat, mul, neg, slice, square, sub, type Tensor, tensor } from "../../src/autograd/index.ts";
import type { Answer, Method, Options } from "../../src/federated/method.ts";
import { answering } from "../../src/federated/answering.ts";
import type { PersonalOptions } from "../../src/moe/alone.ts";
import { personals, usualEntries } from "../../src/moe/methods/index.ts";
import { Desk } from "../../src/moe/personal.ts";
import { constant, FloatExamples, type Module, Net, Sequential } from "../../src/nn/index.ts";
import { Kept } from "../../src/runtime/kept.ts";
import { key } from "../../src/runtime/random.ts";
import { finish } from "../../src/runtime/steps.ts";
import { exact, type ExactEnd, type ExactOptions, exactly, type World } from "./exact.ts";

/** One client: curvatures, optimum, and how many rows, which is its weight. */
export interface Quadratic {
  readonly h: readonly [number, number];
  readonly b: readonly [number, number];
  readonly n: number;
  /** Share of its epochs that it gets done; all of them unless said. */
  readonly effort?: number;
}

/** Three clients whose weights are 0.1, 0.3 and 0.6. */
export const three: readonly Quadratic[] = [
  { h: [1, 2], b: [0, 0], n: 1 },
  { h: [3, 1], b: [4, 2], n: 3 },
  { h: [2, 4], b: [-2, 6], n: 6 },
];

// h/2 (w - b)^2 of one coordinate, [rows, 1]
function along(w: Tensor, h: Tensor, b: Tensor): Tensor {
  return mul(mul(square(sub(w, b)), h), 0.5);
}

const column = (x: Tensor, at: number): Tensor => slice(x, { axis: 1, from: at, to: at + 1 });
const w = [{ name: "w", shape: [1], init: constant(0) }];

// [rows, 4] = h1 h2 b1 b2 to [rows, 3] = -f1 h2 b2, and on to [rows, 1] = -f1 - f2
const body: Module = {
  specs: w,
  bind:
    ([w]) =>
    (x) =>
      concat([neg(along(w!, column(x, 0), column(x, 2))), column(x, 1), column(x, 3)], 1),
};
const head: Module = {
  specs: w,
  bind:
    ([w]) =>
    (x) =>
      sub(column(x, 0), along(w!, column(x, 1), column(x, 2))),
};

export interface QuadraticOptions extends ExactOptions {
  readonly clients?: readonly Quadratic[];
  readonly start?: readonly [number, number];
}

export interface QuadraticEnd extends Omit<ExactEnd<readonly [number, number]>, "answers"> {
  /** Where each client's own answer stands, [w1, w2], and others' by name. */
  readonly own: readonly (readonly [number, number])[];
  readonly answers: readonly Readonly<Record<string, readonly [number, number]>>[];
}

/** Runs a method's rounds on quadratics: by default 5 full-gradient steps of SGD at 0.1 from 0, until nothing moves any more. */
export function quadratics(
  method: Method,
  given: Options = {},
  { clients = three, start = [0, 0], ...rest }: QuadraticOptions = {},
): QuadraticEnd {
  const world: World = {
    model: new Sequential({ body, head }),
    classes: 1,
    initial: Float64Array.from(start),
    clients: clients.map(({ h, b, n, effort = 1 }) => {
      const x = Array.from({ length: n }, () => [...h, ...b]).flat();
      const rows = { x, width: 4, labels: new Array<number>(n).fill(0) };
      return { train: rows, validation: rows, effort };
    }),
  };
  const end = exactly(method, given, world, rest, whereIs);
  return { ...end, own: end.answers.map(({ own }) => own!) };
}

/** Where a personal value ends that one client makes of a model at `from`: by default full-gradient steps of SGD at 0.1. */
export function personally(
  name: string,
  options: Options,
  { h, b, n }: Quadratic,
  from: readonly [number, number],
  training: Partial<PersonalOptions> = {},
): [number, number] {
  return exact(() => {
    const made = new Kept();
    const model = new Sequential({ body, head });
    const generalist = made.add(new Net(model, { group: "private", trainable: false }));
    generalist.parameters.copyFrom(from);
    const row = [...h, ...b];
    const rows = made.add(
      new FloatExamples(tensor(Array.from({ length: n }, () => row).flat(), [n, 4]), new Array<number>(n).fill(0)),
    );
    const all: PersonalOptions = {
      lr: 0.1,
      rule: { kind: "sgd" },
      epochs: 400,
      batchSize: 1000,
      validateEvery: 1000,
      patience: 1,
      margin: 0,
      keep: "last",
      ...training,
    };
    const desk = made.add(
      new Desk({
        answers: { own: answering(generalist) },
        own: { train: rows, validation: rows, classes: 1 },
        expert: model,
        gate: model,
        output: "logSoftmax",
        settings: {
          training: all,
          mixture: { ...all, space: "probability", gateOnly: false, generalistDropout: false },
        },
        entries: { ...usualEntries, [name]: { value: personals.get(name)!, options } },
        init: { local: key(1), gate: key(2) },
        key: key(3),
      }),
    );
    const found = whereIs(finish(desk.of(name)).predict);
    made.dispose();
    return found;
  });
}

// from f at b = 0 and at b = 1, one coordinate at a time: w^2/2 - (w - 1)^2/2 = w - 1/2
function whereIs(answer: Answer): [number, number] {
  const f = (row: readonly number[]): number => -answer(tensor(row, [1, 4])).item();
  return [f([1, 0, 0, 0]) - f([1, 0, 1, 0]) + 0.5, f([0, 1, 0, 0]) - f([0, 1, 0, 1]) + 0.5];
}

/** The clients' optimum under weights: sum p h b / sum p h. */
export function optimum(weights: readonly number[], clients: readonly Quadratic[] = three): [number, number] {
  const at = (k: 0 | 1): number => {
    const sum = (of: (client: Quadratic) => number): number =>
      clients.reduce((total, client, i) => total + weights[i]! * of(client), 0);
    return sum(({ h, b }) => h[k] * b[k]) / sum(({ h }) => h[k]);
  };
  return [at(0), at(1)];
}
