// Methods whose clients' models are made of others', by a sum or by a network, held to closed forms and differences.
import { apple, hold } from "../../../src/federated/methods/apple.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, quadratics, three } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";


test("APPLE's weights go along the products of gradient and cores", () => {
  const clients = three.slice(0, 2);
  const cores = [
    [0.5, -1],
    [2, 3],
  ];
  const weights = [0.7, 0.4];
  const f = (p: readonly number[]): number =>
    [0, 1].reduce((sum, k) => {
      const w = p.reduce((total, share, j) => total + share * cores[j]![k]!, 0);
      return sum + (clients[0]!.h[k]! * (w - clients[0]!.b[k]!) ** 2) / 2;
    }, 0);
  const state = { "core.1": Float64Array.from(cores[1]!), "rows.1": Float64Array.of(3) };
  const kept = [{ own: Float64Array.from(cores[0]!), weights: Float64Array.of(0, weights[0]!, 1, weights[1]!) }];
  const rate = 1e-3;
  const { kept: after } = quadratics(
    of("apple"),
    { rate, mu: 0 },
    { clients, state, kept, rounds: 1, epochs: 1, cohort: () => [0] },
  );
  const now = [1, 3].map((at) => after[0]!["weights"]![at]!);
  const step = 1e-5;
  const slopes = weights.map((_, j) => {
    const moved = (by: number): number => f(weights.map((p, i) => (i === j ? p + by : p)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
  near(
    now.map((p, j) => (weights[j]! - p) / rate),
    slopes,
    1e-6,
  );
  // its core has its weight's part of the gradient
  const w = [0, 1].map((k) => weights[0]! * cores[0]![k]! + weights[1]! * cores[1]![k]!);
  near(
    Array.from(after[0]!["own"]!),
    cores[0]!.map((c, k) => c - 0.1 * weights[0]! * clients[0]!.h[k]! * (w[k]! - clients[0]!.b[k]!)),
    1e-12,
  );
});

test("APPLE with weights that stay comes to rest where the squared weights' gradients are even", () => {
  const { own } = quadratics(of("apple"), { rate: 0, start: "rows" }, { epochs: 1, rounds: 250 });
  // core i steps along p_i g_i, so the sum of cores steps along sum p_i^2 g_i
  const p = [0.1, 0.3, 0.6];
  const rest = ([0, 1] as const).map((k) => {
    const sum = (term: (client: Quadratic) => number): number =>
      three.reduce((total, client, i) => total + p[i]! ** 2 * term(client), 0);
    return sum(({ h, b }) => h[k] * b[k]) / sum(({ h }) => h[k]);
  });
  for (const one of own) near(one, rest, 1e-6);
});

test("APPLE holds its weights to their first values for a while", () => {
  near([hold(0, 10), hold(5, 10), hold(10, 10), hold(0, 0)], [1, Math.sqrt(0.001), 0, 0], 1e-12);
  assert.is(apple.options["rounds"], 10);
  // nothing but the hold moves a weight where the model is at its optimum
  const clients = [three[0]!];
  const kept = [{ own: Float64Array.of(0, 0), weights: Float64Array.of(0, 0.5) }];
  const { kept: after } = quadratics(
    of("apple"),
    { rate: 0.1, mu: 0.5, start: "own" },
    { clients, kept, rounds: 1, epochs: 1 },
  );
  near([after[0]!["weights"]![1]!], [0.5 + 0.1 * 0.5 * 0.5], 1e-12);
});

const linear = { layers: 0, fixed: true, size: 3, momentum: 0, decay: 0, clip: 1e9 };

test("pFedHN of unit vectors, linear and without bias, is every client by itself with the server's rate", () => {
  const once = quadratics(of("pfedhn"), { ...linear, rate: 0.5 }, { rounds: 1 });
  const far = (h: number): number => 1 - (1 - 0.1 * h) ** 5;
  near(
    once.own.flat(),
    three.flatMap(({ h, b }) => [0.5 * far(h[0]) * b[0], 0.5 * far(h[1]) * b[1]]),
    1e-12,
  );
  near(
    quadratics(of("pfedhn"), { ...linear, rate: 0.5 }).own.flat(),
    three.flatMap(({ b }) => b),
    1e-9,
  );
});

test("pFedHN makes equal models of equal embeddings", () => {
  const { own } = quadratics(of("pfedhn"), { ...linear, size: 1, rate: 0.2 }, { rounds: 100 });
  assert.equal(own[0], own[1]);
  assert.equal(own[0], own[2]);
  // the sum of their steps is even: weights are how far five steps go
  const even = ([0, 1] as const).map((k) => {
    const far = three.map(({ h }) => 1 - (1 - 0.1 * h[k]) ** 5);
    return three.reduce((sum, { b }, i) => sum + far[i]! * b[k], 0) / far.reduce((a, b) => a + b, 0);
  });
  near(own[0]!, even, 1e-9);
});

test("pFedHN with layers and embeddings of its own finds every client's optimum", () => {
  const { own } = quadratics(
    of("pfedhn"),
    { size: 4, hidden: 16, layers: 1, momentum: 0, decay: 0, rate: 0.05 },
    { rounds: 500 },
  );
  near(
    own.flat(),
    three.flatMap(({ b }) => b),
    1e-4,
  );
});

test("FedAS by rows and without drawing has FedPer's body", () => {
  const plain = quadratics(of("fedas"), { epochs: 0, weight: "rows" }, { rounds: 7 });
  const other = quadratics(of("fedper"), {}, { rounds: 7 });
  assert.equal(plain.server["body"], other.server["shared"]);
  // by Fisher information, a client at its optimum does not count
  const clients: Quadratic[] = [
    { h: [1, 1], b: [0, 0], n: 9 },
    { h: [1, 1], b: [4, 2], n: 1 },
  ];
  const { server } = quadratics(of("fedas"), { epochs: 0 }, { clients, rounds: 1, epochs: 1 });
  near(server["body"]!, [0.4], 1e-12);
});

test.run();
