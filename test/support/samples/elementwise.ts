// Samples of ops that work number by number.
import { broadcastable, point, shape } from "../../../src/testing/index.ts";
import { lattice, op, points, type Sample } from "./sample.ts";

const unary = (name: string, range: Parameters<typeof point>[1] = {}, attrs?: unknown): Sample => ({
  cases: shape()
    .chain((of) => points(point(of, range)))
    .map((points) => ({ f: (x) => op(name, [x], attrs), points })),
});

const binary = (name: string, range: Parameters<typeof point>[1] = {}): Sample => ({
  cases: broadcastable()
    .chain(([a, b]) => points(point(a), point(b, range)))
    .map((points) => ({ f: (a, b) => op(name, [a, b]), points })),
});

// operands on lattices half a step apart are never equal
const extreme = (name: string): Sample => ({
  cases: broadcastable()
    .chain(([a, b]) => points(lattice(a, 0.25), lattice(b, 0.25, { offset: 0.125 })))
    .map((points) => ({ f: (a, b) => op(name, [a, b]), points })),
});

/** The gradient of an activation: from what it saved and the gradient behind it. */
const behind = (name: string, saved: Parameters<typeof point>[1]): Sample => ({
  cases: shape()
    .chain((of) => points(point(of, saved), point(of)))
    .map((points) => ({ f: (saved, g) => op(name, [saved, g]), points })),
});

export const elementwise: Readonly<Record<string, Sample>> = {
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div", { low: 0.4 }),
  maximum: extreme("maximum"),
  minimum: extreme("minimum"),
  neg: unary("neg"),
  affine: unary("affine", {}, { scale: -1.5, shift: 0.25 }),
  exp: unary("exp"),
  log: unary("log", { low: 0.3 }),
  sqrt: unary("sqrt", { low: 0.3 }),
  square: unary("square"),
  abs: unary("abs", { gaps: [0] }),
  reciprocal: unary("reciprocal", { low: 0.4 }),
  relu: unary("relu", { gaps: [0] }),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  logSigmoid: unary("logSigmoid"),
  copy: unary("copy"),
  dropout: unary("dropout", {}, { p: 0.4, key: [7, 11] }),
  reluGrad: behind("reluGrad", { gaps: [0] }),
  sigmoidGrad: behind("sigmoidGrad", { low: 0, high: 1 }),
  tanhGrad: behind("tanhGrad", { low: -1, high: 1 }),
  logSigmoidGrad: behind("logSigmoidGrad", {}),
};
