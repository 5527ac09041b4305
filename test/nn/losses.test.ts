// Losses and their gradients against PyTorch's numbers, and against the definitions in plain doubles.
import fc from "fast-check";
import {
  backward,
  crossEntropy,
  logSoftmax,
  mean,
  mixture,
  mixtureLog,
  mixtureNll,
  nll,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
} from "../../src/autograd/index.ts";
import { point } from "../../src/testing/index.ts";
import { golden, wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

interface Wanted {
  readonly value: number[];
  readonly gradients: number[][];
}

const torch = golden<Record<string, Wanted> & { experts: number[][] }>(new URL("golden/losses.json", import.meta.url));

const rows = [3, 5];
const labels = [2, 0, 4];
const whole = (values: readonly number[]): Tensor => tensor(values, [values.length], "i32");

function leaf(values: ArrayLike<number>, of: readonly number[]): Tensor {
  const t = tensor(values, of);
  t.requiresGrad = true;
  return t;
}

function compare(name: string, make: (...x: Tensor[]) => Tensor, inputs: readonly Tensor[]): void {
  const y = make(...inputs);
  near(y.toArray(), torch[name]!.value, 1e-5);
  backward(sum(y));
  inputs.forEach((x, i) => near(x.grad!.toArray(), torch[name]!.gradients[i]!, 1e-5));
}

test("losses of one network have PyTorch's values and gradients", () => {
  const logits = wave(15, 3, 0.9);
  compare("nll", (x) => nll(x, whole(labels)), [leaf(logits, rows)]);
  compare("crossEntropy", (x) => crossEntropy(x, whole(labels)), [leaf(logits, rows)]);
  compare("logSoftmax", (x) => square(logSoftmax(x)), [leaf(logits, rows)]);
});

function experts(): Tensor[] {
  return torch.experts.map((values, i) => leaf(values, i < 2 ? rows : [3]));
}

test("losses of the mixture have PyTorch's values and gradients, for both experts and the gate", () => {
  compare("mixtureNll", (ls, lg, z) => mixtureNll(ls!, lg!, z!, whole(labels)), experts());
  compare("mixtureLog", (ls, lg, z) => nll(mixtureLog(ls!, lg!, z!), whole(labels)), experts());
  // the same likelihood in two steps
  compare("mixtureNll", (ls, lg, z) => nll(mixture(ls!, lg!, z!), whole(labels)), experts());
});

const batch = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 11 })).chain(([n, c]) =>
  fc.record({
    ls: point([n, c], { low: -6, high: 6 }),
    lg: point([n, c], { low: -6, high: 6 }),
    z: point([n], { low: -6, high: 6 }),
    labels: fc.array(fc.integer({ min: 0, max: c - 1 }), { minLength: n, maxLength: n }),
  }),
);

function logSumExp(x: ArrayLike<number>): number {
  const most = Math.max(...Array.from(x));
  return most + Math.log(Array.from(x).reduce((total, v) => total + Math.exp(v - most), 0));
}

/** Row i of [n, c]. */
function row(values: ArrayLike<number>, i: number, c: number): number[] {
  return Array.from({ length: c }, (_, j) => values[i * c + j]!);
}

test("cross-entropy is ln sum e^x - x[label], row by row", () => {
  fc.assert(
    fc.property(batch, ({ ls, labels }) => {
      const c = ls.shape[1]!;
      const got = scope(() => crossEntropy(tensor(ls.values, ls.shape), whole(labels)).toArray());
      const wanted = labels.map((label, i) => logSumExp(row(ls.values, i, c)) - ls.values[i * c + label]!);
      near(got, wanted, 2e-6);
    }),
  );
});

test("the mixture's probabilities are h p_s + (1 - h) p_g, and sum to one", () => {
  fc.assert(
    fc.property(batch, ({ ls, lg, z, labels }) => {
      const c = ls.shape[1]!;
      const found = scope(() => {
        const [a, b] = [ls, lg].map(({ values, shape }) => logSoftmax(tensor(values, shape)));
        const gate = tensor(z.values);
        return {
          logp: mixture(a!, b!, gate).toArray(),
          loss: mixtureNll(a!, b!, gate, whole(labels)).toArray(),
        };
      });
      for (const [i, label] of labels.entries()) {
        const p = (x: ArrayLike<number>): number[] => row(x, i, c).map((v) => Math.exp(v - logSumExp(row(x, i, c))));
        const [ps, pg] = [p(ls.values), p(lg.values)];
        const h = 1 / (1 + Math.exp(-z.values[i]!));
        const wanted = ps.map((s, j) => h * s + (1 - h) * pg[j]!);
        near(row(found.logp, i, c).map(Math.exp), wanted, 1e-5);
        near([row(found.logp, i, c).reduce((total, v) => total + Math.exp(v), 0)], [1], 1e-5);
        near([found.loss[i]!], [-Math.log(wanted[label]!)], 1e-5);
      }
    }),
  );
});

test("a gate wide open or shut leaves one expert, without infinities", () => {
  const [ls, lg] = [logSoftmax(tensor([1, 2, 3, 0], [1, 4])), logSoftmax(tensor([3, 0, -50, 1], [1, 4]))];
  for (const mix of [mixture, mixtureLog]) {
    near(mix(ls, lg, tensor([200])).toArray(), ls.toArray(), 1e-6);
    near(mix(ls, lg, tensor([-200])).toArray(), lg.toArray(), 1e-6);
  }
  const z = leaf([200], [1]);
  backward(sum(mixtureNll(ls, lg, z, whole([2]))));
  assert.is(z.grad!.item(), 0);
});

test("experts that are sure and wrong, or sure and right, give finite losses and gradients", () => {
  // specialist: probability e^-300 for the label, far below the smallest float
  const ls = leaf([0, -300], [1, 2]);
  const lg = leaf([-400, 0], [1, 2]);
  const z = leaf([0], [1]);
  const loss = mixtureNll(ls, lg, z, whole([1]));
  near(loss.toArray(), [Math.LN2]);
  backward(sum(loss));
  near(ls.grad!.toArray(), [0, 0]);
  near(lg.grad!.toArray(), [0, -1]);
  // all of the probability is the generalist's, so the gate should close: dloss/dz = h
  near(z.grad!.toArray(), [0.5]);
});

test("an average loss is the sum over rows divided by their number", () => {
  const x = leaf(wave(15, 1, 0.3), rows);
  const l = nll(x, whole(labels));
  near([mean(l).item()], [Array.from(l.toArray()).reduce((a, b) => a + b) / 3]);
  backward(mean(l));
  near(
    x.grad!.toArray(),
    labels.flatMap((label) => Array.from({ length: 5 }, (_, j) => (j === label ? -1 / 3 : 0))),
  );
});

test.run();
