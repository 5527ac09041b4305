// A small classifier of two linear layers, as the library has it and in plain numbers, and three clients whose classes differ.
// Slopes of plain losses are differences, so nothing of the library's gradients is believed here.
import { logSoftmax, tensor } from "../../src/autograd/index.ts";
import type { Answer, Method, Options } from "../../src/federated/method.ts";
import { Apply, Linear, Sequential } from "../../src/nn/index.ts";
import { type ExactEnd, type ExactOptions, exactly, type Rows, type World } from "./exact.ts";

export type V = readonly number[];

export const classes = 3;
export const features = 3;
const inputs = 2;

/** Numbers of the body, features' weights and biases, and of the head after it. */
export const bodySize: number = features * inputs + features;
export const headSize: number = classes * features + classes;

/** Numbers that are no special ones, the same for an address. */
export function odd(length: number, address: number, scale = 1): number[] {
  return Array.from({ length }, (_, i) => scale * Math.sin(7.3 * address + 2.1 * i + 1));
}

const own: readonly V[] = [
  [0, 1, 0, 0],
  [1, 2, 1, 2, 2, 1],
  [2, 0, 2],
];

const rowsOf = (labels: V, address: number): Rows => ({
  x: odd(inputs * labels.length, address, 1.5),
  width: inputs,
  labels,
});

/** Of three epochs, clients do one, three and two. */
export const steps: V = [1, 3, 2];

export const cohorts: readonly V[] = [
  [0, 1, 2],
  [0, 2],
  [1, 2],
];
export const everybody: V = [0, 1, 2];

export const world: World = {
  model: new Sequential({
    fc1: new Linear(inputs, features),
    fc2: new Linear(features, classes),
    output: new Apply(logSoftmax),
  }),
  classes,
  initial: Float64Array.from([...odd(bodySize, 5, 0.7), ...odd(headSize, 6, 0.7)]),
  clients: own.map((labels, i) => ({
    train: rowsOf(labels, i),
    validation: rowsOf([i, 2, 1], 10 + i),
    effort: steps[i]! / 3,
  })),
};

export const initial: V = Array.from(world.initial);
export const rowCounts: V = own.map(({ length }) => length);

// where everybody is asked
const asked: readonly V[] = [0, 1, 2, 3].map((i) => odd(inputs, 30 + i, 2));

/** Runs a method on it for three rounds of three epochs; answers are log-probabilities at four points. */
export function softmaxes(method: Method, options: Options = {}, more: ExactOptions = {}): ExactEnd<number[]> {
  const ask = (answer: Answer): number[] => Array.from(answer(tensor(asked.flat(), [asked.length, inputs])).toArray());
  return exactly(method, options, world, { rounds: 3, epochs: 3, cohort: (round) => cohorts[round]!, ...more }, ask);
}

/** What a plain model answers there. */
export function answersOf(logp: (x: V) => V): number[] {
  return asked.flatMap((x) => [...logp(x)]);
}

/** x W^T + b of parameters that begin with W. */
export function linear(p: V, x: V, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, o) =>
    x.reduce((sum, value, i) => sum + p[o * x.length + i]! * value, p[outputs * x.length + o]!),
  );
}

export const featuresOf = (p: V, x: V): number[] => linear(p.slice(0, bodySize), x, features);
export const logitsOf = (head: V, z: V): number[] => linear(head, z, classes);

export function logSoftmaxOf(z: V): number[] {
  const most = Math.max(...z);
  const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return z.map((value) => value - most - total);
}

export const headOf = (head: V, z: V): number[] => logSoftmaxOf(logitsOf(head, z));

/** Log-probabilities of a whole model. */
export const modelOf = (p: V, x: V): number[] => headOf(p.slice(bodySize), featuresOf(p, x));

/** A client's rows, one by one. */
export function rows(client: number, part: "train" | "validation" = "train"): { x: V; label: number }[] {
  const { x, labels } = world.clients[client]![part];
  return labels.map((label, i) => ({ x: x.slice(inputs * i, inputs * i + inputs), label }));
}

export const meanOf = (values: V): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The mean of something over a client's rows. */
export function over(client: number, of: (x: V, label: number) => number, part?: "train" | "validation"): number {
  return meanOf(rows(client, part).map(({ x, label }) => of(x, label)));
}

export const nllOf = (p: V, client: number): number => over(client, (x, label) => -modelOf(p, x)[label]!);

export function slopeOf(loss: (p: V) => number, p: V): number[] {
  const by = 1e-5;
  const at = (i: number, step: number): number => loss(p.map((value, j) => (i === j ? value + step : value)));
  return p.map((_, i) => (at(i, by) - at(i, -by)) / (2 * by));
}

/** Steps down a loss, in some of the numbers. */
export function descend(
  loss: (p: V) => number,
  from: V,
  {
    count,
    rate = 0.1,
    momentum = 0,
    moves = () => true,
  }: { count: number; rate?: number; momentum?: number; moves?: (i: number) => boolean },
): V {
  let p = from;
  let velocity = from.map(() => 0);
  for (let k = 0; k < count; k++) {
    const slope = slopeOf(loss, p);
    velocity = velocity.map((before, i) => momentum * before + slope[i]!);
    p = p.map((value, i) => (moves(i) ? value - rate * velocity[i]! : value));
  }
  return p;
}

/** How many of these epochs a client does. */
export const worked = (client: number, epochs: number): number =>
  Math.max(1, Math.round((steps[client]! / 3) * epochs));

/** The mean of vectors under weights. */
export function average(of: readonly V[], weights: V): V {
  const total = weights.reduce((a, b) => a + b, 0);
  return of[0]!.map((_, k) => of.reduce((sum, v, i) => sum + (weights[i]! / total) * v[k]!, 0));
}

/** Means over each class of numbers of a client's rows, one class after another, and how many rows each has. */
export function byClassOf(client: number, of: (x: V) => V): { means: number[]; counts: number[] } {
  const counts = Array.from({ length: classes }, (_, c) => rows(client).filter(({ label }) => label === c).length);
  const means = counts.flatMap((count, c) => {
    const found = rows(client).filter(({ label }) => label === c).map(({ x }) => of(x)); // prettier-ignore
    const width = of(rows(client)[0]!.x).length;
    return Array.from({ length: width }, (_, k) => found.reduce((sum, v) => sum + v[k]!, 0) / Math.max(1, count));
  });
  return { means, counts };
}
