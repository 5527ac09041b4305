// Clients' own models and what ties them to the shared one, held to their closed forms in double precision.
import { isMean } from "../../../src/federated/methods/l2gd.ts";
import { key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { optimum, type Quadratic, quadratics, three } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const uniform = [1, 1, 1];
const optima = three.flatMap(({ b }) => b);

test("MR-MTL ends where own gradients and the pull to the mean are even", () => {
  const { own, server } = quadratics(of("mr-mtl"), { lambda: 0.9 }, { rounds: 400 });
  const golden = [0.4050632911, 0.908693275, 3.2742616034, 2.4395844724, -1.1139240506, 5.4357572444];
  near(own.flat(), golden, 1e-9);
  near(server["model"]!, [0.8551336146, 2.9280116639], 1e-9);
});

test("pFedMe's centre and own models", () => {
  const options = { lambda: 1.5, inner: 100, lr: 0.5 };
  const golden = [0.5581395349, 1.3027522936, 2.976744186, 2.623853211, -0.7441860465, 5.1926605505];
  for (const beta of [1, 1.7]) {
    const { server, own } = quadratics(of("pfedme"), { ...options, beta }, { epochs: 1, rounds: 400 });
    near(server["model"]!, [0.9302325581, 3.0397553517], 1e-9);
    near(own.flat(), golden, 1e-9);
  }
  // both starts are followed step by step in rounds.test.ts
  const four = quadratics(of("pfedme"), { ...options, lr: 0.1, start: "before" }, { epochs: 4, rounds: 200 });
  near(four.server["model"]!, [0.8944083937, 2.9854665272], 1e-9);
  const far = quadratics(of("pfedme"), { lambda: 1e-4, inner: 100, lr: 1000 }, { epochs: 1, rounds: 120 });
  near(far.server["model"]!, [0.6666666667, 2.6666666667], 1e-3);
});

test("APFL's mixture reaches every client's optimum at any share, and the share's derivative is right", () => {
  for (const alpha of [0.6, 0.9]) {
    const end = quadratics(of("apfl"), { alpha, adapt: 0 }, { epochs: 1, rounds: 700 });
    near(end.own.flat(), optima, 1e-9);
    near(end.answers[0]!["shared"]!, optimum([0.1, 0.3, 0.6]), 1e-9);
  }
  // one round of client 2 from v = (.3, .7), w = (-1, 2): <v - w, gradient of the mixture> is -15.444
  const adapt = 0.01;
  const { kept } = quadratics(of("apfl"), { alpha: 0.6, adapt }, {
    epochs: 1,
    rounds: 1,
    start: [-1, 2],
    kept: three.map(() => ({ own: Float64Array.of(0.3, 0.7) })),
  });
  near(kept[1]!["alpha"]!, [0.6 + adapt * 15.444], 1e-9);
});

test("FLIX deploys between the shared model and every client's own optimum", () => {
  const alphas = [1, 0.5, 0.25];
  const { server, own } = quadratics(of("flix"), { alone: 600 }, {
    epochs: 1,
    rounds: 1500,
    kept: alphas.map((alpha) => ({ alpha: Float64Array.of(alpha) })),
  });
  near(server["model"]!, [1.875, 2.4705882353], 1e-8);
  near(own.flat(), [1.875, 2.4705882353, 2.9375, 2.2352941176, -1.03125, 5.1176470588], 1e-8);
  near(quadratics(of("flix"), { alpha: 0, alone: 600 }, { rounds: 3 }).own.flat(), optima, 1e-9);
});

test("MAPPER's clients reach their optima, and a share of 0 is a step of the shared model", () => {
  near(quadratics(of("mapper"), { grid: 1, low: 1 }, { rounds: 200 }).own.flat(), optima, 1e-9);
  const { server } = quadratics(of("mapper"), { grid: 1, high: 0 }, { rounds: 400 });
  near(server["model"]!, optimum([0.1, 0.3, 0.6]), 1e-9);
});

test("L2GD's round of the mean keeps the mean and goes its part of the way", () => {
  // alpha 0.1, lambda 1, p 0.5, N 3: rate alpha / (N (1 - p))
  const lr = 0.1 / (3 * 0.5);
  const at: Quadratic[] = [0, 2, 4].map(() => ({ h: [1, 1], b: [0, 0], n: 1 }));
  const { own } = quadratics(of("l2gd"), { lambda: 1, p: 0.5 }, {
    clients: at,
    optimizer: { kind: "sgd", lr },
    epochs: 1,
    rounds: 1,
    kept: [0, 2, 4].map((x) => ({ own: Float64Array.of(x, x), mean: Float64Array.of(2, 2) })),
    state: { mean: Float64Array.of(2, 2) },
  });
  // the first coin of this address decides which of the two a round is
  const moved = isMean(key(1), 0, 0.5)
    ? [0.1333333333, 2, 3.8666666667]
    : [0, 2, 4].map((x) => x - lr * x);
  near(own.flat(), moved.flatMap((x) => [x, x]), 1e-9);
});

test("L2GD goes to the minimiser of its objective, and asks for a mean only where a coin turns", () => {
  const p = 0.4;
  const rounds = 2500;
  const golden = [0.4050632911, 0.908693275, 3.2742616034, 2.4395844724, -1.1139240506, 5.4357572444];
  const means: boolean[] = Array.from({ length: rounds + 1 }, (_, round) => isMean(key(1), round, p));
  let told = 0;
  const { own, replies } = quadratics(of("l2gd"), { lambda: 0.9, p }, {
    optimizer: { kind: "sgd", lr: 5e-3 },
    epochs: 1,
    rounds,
    onRound: (state, round) => {
      if (!means[round] && means[round + 1]) assert.ok(state["mean"], `round ${round}`);
      told++;
    },
  });
  assert.is(told, rounds);
  assert.is("model" in replies[0]!.up, !means[rounds - 1]! && means[rounds]!);
  near(own.flat(), golden, 0.1);
});

test("Per-FedAvg's weights, with and without the second derivative", () => {
  const one = { epochs: 2, rounds: 400, optimizer: { kind: "sgd", lr: 0.1 } as const };
  const first = quadratics(of("per-fedavg"), { alpha: 0.1 }, one);
  near(first.server["model"]!, [1.1304347826, 3.306122449], 1e-9);
  const exact = quadratics(of("per-fedavg"), { alpha: 0.1, hessian: "difference" }, { ...one, epochs: 3 });
  near(exact.server["model"]!, [0.9325842697, 2.9065155807], 1e-9);
  // alpha 0 is steps of the shared model
  near(quadratics(of("per-fedavg"), { alpha: 0 }, one).server["model"]!, optimum(uniform), 1e-9);
  // who answers has taken a step of its own
  const [w] = first.server["model"]!;
  near([first.own[1]![0]], [w! - 0.1 * 3 * (w! - 4)], 1e-9);
});

test("what is shared by LG-FedAvg and FedBABU", () => {
  const lg = quadratics(of("lg-fedavg"));
  near(
    lg.own.map(([w]) => w),
    three.map(({ b }) => b[0]),
    1e-9,
  );
  assert.ok(lg.own.every(([, w]) => Math.abs(w - 4.7963827077) < 1e-9));
  const babu = quadratics(of("fedbabu"), { epochs: 0 }, { start: [0, -3] });
  assert.ok(babu.own.every(([body, head]) => Math.abs(body - 0.2760137306) < 1e-9 && head === -3));
  near(quadratics(of("fedbabu"), { epochs: 300 }, { rounds: 1 }).own.flat(), optima, 1e-9);
});

test.run();
