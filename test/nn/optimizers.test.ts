// Optimisers against PyTorch's numbers, and against the update formulas of its documentation in plain doubles.
import fc from "fast-check";
import { backward, mul, scope, sum, tensor } from "../../src/autograd/index.ts";
import {
  Adagrad,
  Adam,
  type AdamOptions,
  AMSGrad,
  Lion,
  type LionOptions,
  type Optimizer,
  Parameters,
  RMSprop,
  SGD,
  type SgdOptions,
} from "../../src/nn/index.ts";
import { golden, wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const torch = golden<Record<string, number[][]>>(new URL("golden/optimizers.json", import.meta.url));

const start = [1, -2, 0.5, 3, 0];

/** Weights after each of a few steps whose gradients are given. */
function path(make: (p: Parameters) => Optimizer, slopes: readonly ArrayLike<number>[]): number[][] {
  const parameters = new Parameters([{ name: "w", shape: [start.length] }], "shared").copyFrom(start);
  const optimizer = make(parameters);
  const found = slopes.map((slope) => walk(parameters, optimizer, slope));
  optimizer.dispose();
  parameters.dispose();
  return found;
}

function walk(parameters: Parameters, optimizer: Optimizer, slope: ArrayLike<number>): number[] {
  // the gradient of sum(w slope) is slope
  scope(() => backward(sum(mul(parameters.tensors[0]!, tensor(slope)))));
  optimizer.step();
  return Array.from(parameters.toArray());
}

const slopes = [0, 1, 2, 3, 4].map((t) => wave(start.length, 1, 0.7 + t));

const made: Record<string, (p: Parameters) => Optimizer> = {
  adam: (p) => new Adam(p, { lr: 0.1 }),
  "adam, betas and eps": (p) => new Adam(p, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3 }),
  "adam, weight decay": (p) => new Adam(p, { lr: 0.1, weightDecay: 0.2 }),
  adamw: (p) => new Adam(p, { lr: 0.1, weightDecay: 0.2, decoupled: true }),
  sgd: (p) => new SGD(p, { lr: 0.1 }),
  "sgd, weight decay": (p) => new SGD(p, { lr: 0.1, weightDecay: 0.3 }),
  "sgd, momentum": (p) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
  "sgd, momentum and dampening": (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.4 }),
  "sgd, nesterov": (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
  rmsprop: (p) => new RMSprop(p, { lr: 0.1 }),
  "rmsprop, centred": (p) => new RMSprop(p, { lr: 0.05, alpha: 0.9, eps: 1e-4, centered: true }),
  "rmsprop, everything": (p) =>
    new RMSprop(p, { lr: 0.02, alpha: 0.8, eps: 1e-5, centered: true, momentum: 0.7, weightDecay: 0.1 }),
  adagrad: (p) => new Adagrad(p, { lr: 0.1 }),
  "adagrad, everything": (p) => new Adagrad(p, { lr: 0.2, lrDecay: 0.3, eps: 1e-4, weightDecay: 0.1 }),
  amsgrad: (p) => new AMSGrad(p, { lr: 0.1 }),
  "amsgrad, everything": (p) => new AMSGrad(p, { lr: 0.05, betas: [0.5, 0.6], eps: 1e-3, weightDecay: 0.2 }),
  "sgd, everything": (p) => new SGD(p, { lr: 0.1, momentum: 0.8, dampening: 0.3, weightDecay: 0.1 }),
};

test("every optimiser that PyTorch was asked for is tried", () => {
  assert.equal(Object.keys(made).toSorted(), Object.keys(torch).toSorted());
});

for (const [name, make] of Object.entries(made))
  test(`${name} takes the steps that PyTorch takes`, () => {
    near(path(make, slopes).flat(), torch[name]!.flat(), 2e-6);
  });

// torch.optim.Adam's documentation, line by line
function adam(
  { lr, betas: [b1, b2], eps, weightDecay, decoupled }: Required<Omit<AdamOptions, "only">>,
  gradients: readonly ArrayLike<number>[],
): number[][] {
  const w = [...start];
  const m = w.map(() => 0);
  const v = w.map(() => 0);
  return gradients.map((gradient, step) =>
    w.map((_, i) => {
      let g = gradient[i]!;
      if (decoupled) w[i]! -= lr * weightDecay * w[i]!;
      else g += weightDecay * w[i]!;
      m[i] = b1 * m[i]! + (1 - b1) * g;
      v[i] = b2 * v[i]! + (1 - b2) * g * g;
      const mHat = m[i]! / (1 - b1 ** (step + 1));
      const vHat = v[i]! / (1 - b2 ** (step + 1));
      return (w[i]! -= (lr * mHat) / (Math.sqrt(vHat) + eps));
    }),
  );
}

// torch.optim.SGD's documentation, line by line
function sgd(
  { lr, momentum, dampening, weightDecay, nesterov }: Required<Omit<SgdOptions, "only">>,
  gradients: readonly ArrayLike<number>[],
): number[][] {
  const w = [...start];
  const b = w.map(() => 0);
  return gradients.map((gradient, step) =>
    w.map((_, i) => {
      let g = gradient[i]! + weightDecay * w[i]!;
      if (momentum !== 0) {
        b[i] = step > 0 ? momentum * b[i]! + (1 - dampening) * g : g;
        g = nesterov ? g + momentum * b[i]! : b[i]!;
      }
      return (w[i]! -= lr * g);
    }),
  );
}

const share = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
// gradients of very different sizes, but none of them nothing
const gradients = fc.array(
  fc.tuple(
    ...start.map(() =>
      fc
        .tuple(share(0.1, 10), fc.integer({ min: -3, max: 2 }), fc.boolean())
        .map(([size, power, minus]) => (minus ? -size : size) * 10 ** power),
    ),
  ),
  { minLength: 1, maxLength: 8 },
);

test("Adam and AdamW follow the formulas for any settings", () => {
  const options = fc.record({
    lr: share(1e-4, 0.5),
    betas: fc.tuple(share(0, 0.99), share(0.5, 0.999)),
    eps: share(1e-8, 1e-2),
    weightDecay: share(0, 0.5),
    decoupled: fc.boolean(),
  });
  fc.assert(
    fc.property(options, gradients, (options, gradients) => {
      near(path((p) => new Adam(p, options), gradients).flat(), adam(options, gradients).flat(), 1e-4);
    }),
  );
});

test("SGD follows the formulas for any settings", () => {
  const options = fc.record({
    lr: share(1e-4, 0.1),
    momentum: fc.oneof(fc.constant(0), share(0, 0.99)),
    dampening: share(0, 1),
    weightDecay: share(0, 0.5),
    nesterov: fc.boolean(),
  });
  fc.assert(
    fc.property(options, gradients, (options, gradients) => {
      near(path((p) => new SGD(p, options), gradients).flat(), sgd(options, gradients).flat(), 1e-4);
    }),
  );
});

// algorithm 2 of Chen et al. 2023, line by line
function lion(
  { lr, betas: [b1, b2], weightDecay }: Required<Omit<LionOptions, "only">>,
  gradients: readonly ArrayLike<number>[],
): number[][] {
  const w = [...start];
  const m = w.map(() => 0);
  return gradients.map((gradient) =>
    w.map((_, i) => {
      const way = Math.sign(b1 * m[i]! + (1 - b1) * gradient[i]!);
      m[i] = b2 * m[i]! + (1 - b2) * gradient[i]!;
      return (w[i]! -= lr * (way + weightDecay * w[i]!));
    }),
  );
}

test("Lion follows its paper for any settings", () => {
  const options = fc.record({
    lr: share(1e-4, 0.1),
    betas: fc.tuple(share(0, 0.9), share(0.5, 0.99)),
    weightDecay: share(0, 0.5),
  });
  fc.assert(
    fc.property(options, fc.integer({ min: 0, max: 1000 }), (options, at) => {
      const slopes = [0, 1, 2, 3].map((t) => wave(start.length, 1, 0.7 + at + t));
      // a way that rounding may turn says nothing
      fc.pre(lionWays(options.betas, slopes).every((way) => Math.abs(way) > 1e-5));
      near(path((p) => new Lion(p, options), slopes).flat(), lion(options, slopes).flat(), 1e-5);
    }),
  );
});

function lionWays([b1, b2]: readonly [number, number], slopes: readonly ArrayLike<number>[]): number[] {
  const m = start.map(() => 0);
  return slopes.flatMap((g) =>
    m.map((mean, i) => {
      m[i] = b2 * mean + (1 - b2) * g[i]!;
      return b1 * mean + (1 - b1) * g[i]!;
    }),
  );
}

for (const Kind of [Adam, SGD])
  test(`${Kind.name} takes a step at the rate that is set, and what it remembers does not depend on it`, () => {
    const moved = (rates: readonly number[]): number[] => {
      const parameters = new Parameters([{ name: "w", shape: [start.length] }], "shared").copyFrom(start);
      const optimizer = Kind === SGD ? new SGD(parameters, { lr: 1, momentum: 0.9 }) : new Adam(parameters, { lr: 1 });
      const places = rates.map((rate, t) => {
        optimizer.lr = rate;
        return walk(parameters, optimizer, slopes[t]!);
      });
      return places.at(-1)!.map((value, i) => value - (places.at(-2)?.[i] ?? start[i]!));
    };
    near(
      moved([0.1, 0.05, 0.1]).map((by) => by / 4),
      moved([0.2, 0.3, 0.025]),
      1e-4,
    );
  });

test("defaults are PyTorch's: Adam 1e-3, SGD 1e-3", () => {
  near(
    path((p) => new Adam(p), slopes).flat(),
    adam({ lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, decoupled: false }, slopes).flat(),
  );
  near(
    path((p) => new SGD(p), slopes).flat(),
    sgd({ lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false }, slopes).flat(),
  );
});

test("after reset an optimiser begins as a new one", () => {
  for (const make of Object.values(made)) {
    const parameters = new Parameters([{ name: "w", shape: [start.length] }], "shared").copyFrom(start);
    const optimizer = make(parameters);
    const first = slopes.map((slope) => walk(parameters, optimizer, slope));
    optimizer.reset();
    parameters.copyFrom(start);
    assert.equal(
      slopes.map((slope) => walk(parameters, optimizer, slope)),
      first,
    );
  }
});

test("one optimiser over two blocks moves both as two optimisers would", () => {
  const spec = [{ name: "w", shape: [2] }];
  const run = (together: boolean): number[] => {
    const [p, q] = [new Parameters(spec, "private").copyFrom([1, 2]), new Parameters(spec, "private").copyFrom([3, 4])];
    const optimizers = together
      ? [new Adam([p, q], { lr: 0.1 })]
      : [new Adam(p, { lr: 0.1 }), new Adam(q, { lr: 0.1 })];
    for (let t = 0; t < 3; t++) {
      scope(() => backward(sum(mul(p.tensors[0]!, q.tensors[0]!))));
      for (const optimizer of optimizers) optimizer.step();
    }
    return [...p.toArray(), ...q.toArray()];
  };
  assert.equal(run(true), run(false));
});

test("gradients of nothing move Adam nowhere, even after long", () => {
  const found = path(
    (p) => new Adam(p, { lr: 0.1 }),
    Array.from({ length: 200 }, () => new Float64Array(start.length)),
  );
  assert.equal(found[199], start);
});

const wrong: readonly (readonly [string, (p: Parameters) => unknown, string])[] = [
  ...[-1, NaN, Infinity].flatMap((lr) => [
    [`Adam lr ${lr}`, (p: Parameters) => new Adam(p, { lr }), "a finite number of at least 0"] as const,
    [`SGD lr ${lr}`, (p: Parameters) => (new SGD(p).lr = lr), "a finite number of at least 0"] as const,
  ]),
  ["Adam beta1 1", (p) => new Adam(p, { betas: [1, 0.9] }), "a number in [0,1)"],
  ["Adam beta2 -0.5", (p) => new Adam(p, { betas: [0.9, -0.5] }), "a number in [0,1)"],
  ["Adam eps -1", (p) => new Adam(p, { eps: -1 }), "a finite number of at least 0"],
  ["Adam weightDecay NaN", (p) => new Adam(p, { weightDecay: NaN }), "a finite number of at least 0"],
  ["RMSprop alpha 1", (p) => new RMSprop(p, { alpha: 1 }), "a number in [0,1)"],
  ["Adagrad lrDecay -1", (p) => new Adagrad(p, { lrDecay: -1 }), "a finite number of at least 0"],
  ["AMSGrad lr NaN", (p) => new AMSGrad(p, { lr: NaN }), "a finite number of at least 0"],
  ["Lion beta2 1", (p) => new Lion(p, { betas: [0.9, 1] }), "a number in [0,1)"],
  ["SGD momentum -0.1", (p) => new SGD(p, { momentum: -0.1 }), "a finite number of at least 0"],
  ["SGD dampening NaN", (p) => new SGD(p, { dampening: NaN }), "a finite number"],
];

for (const [what, make, expected] of wrong)
  test(`${what} is refused`, () => {
    const [op, name, got] = what.split(" ");
    const parameters = new Parameters([{ name: "w", shape: [1] }], "shared").copyFrom([1]);
    refuses(() => make(parameters), `${op}: ${name}, got ${got}, expected ${expected}`);
    parameters.dispose();
  });

test.run();
