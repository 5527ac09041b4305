// Servers that step, and clients that correct their drift, held to their closed forms in double precision.
import { reach } from "../../../src/federated/methods/fednova.ts";
import type { Update, Vectors } from "../../../src/federated/method.ts";
import { kitOf } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { optimum, quadratics, three } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { test } from "../../support/suite.ts";

const uniform = [1, 1, 1];
const shares = [0.1, 0.3, 0.6];
const round = { round: 0, cohort: 1, clients: 1, key: [0, 0] as never };

// the server's step after one client has gone this way from 0
function stepped(name: string, way: readonly number[], options = {}): Vectors {
  const method = of(name);
  const server = method.server({ ...method.options, ...options }, kitOf());
  const state = server.begin({ model: new Float64Array(way.length) });
  const gathering = server.gather(state, round);
  const update: Update = { client: 0, up: { model: Float64Array.from(way) }, examples: 3, metrics: { trainLoss: 0 } };
  gathering.add(update);
  return gathering.result();
}

test("the first steps of the servers that adapt", () => {
  const way = [0.3, -0.02];
  near(stepped("fedadam", way)["model"]!, [0.0967741935, -0.0666666667], 1e-9);
  near(stepped("fedadagrad", way)["model"]!, [0.0099667774, -0.0095238095], 1e-9);
  near(stepped("fedyogi", way)["model.second"]!, [9e-4, 4e-6], 1e-15);
  near(stepped("fedavgm", way, { lr: 0.5, beta: 0.9 })["model"]!, [0.15, -0.01], 1e-15);
});

test("Yogi's second moment falls by a direction's square where Adam's falls by its share", () => {
  const method = of("fedyogi");
  const server = method.server({ ...method.options, beta2: 0.5 }, kitOf());
  const begun = { ...server.begin({ model: new Float64Array(1) }), "model.second": Float64Array.of(1) };
  const gathering = server.gather(begun, round);
  gathering.add({ client: 0, up: { model: Float64Array.of(0.2) }, examples: 1, metrics: { trainLoss: 0 } });
  near(gathering.result()["model.second"]!, [1 - 0.5 * 0.04], 1e-15);
});

test("momentum goes on where nothing pushes", () => {
  const { server, lr, beta } = { server: of("fedavgm").server({ lr: 1, beta: 0.5 }, kitOf()), lr: 1, beta: 0.5 };
  let state = server.begin({ model: Float64Array.of(0) });
  const go = (to: number): number => {
    const gathering = server.gather(state, round);
    gathering.add({ client: 0, up: { model: Float64Array.of(to) }, examples: 1, metrics: { trainLoss: 0 } });
    state = gathering.result();
    return state["model"]![0]!;
  };
  near([go(1)], [lr], 1e-15);
  near([go(1)], [1 + beta], 1e-15);
  near([go(1.5)], [1.5 + beta * beta], 1e-15);
});

test("FedAvgM ends where FedAvg ends", () => {
  near(quadratics(of("fedavgm"), { beta: 0.5 }, { rounds: 400 }).server["model"]!, [0.2760137306, 4.7963827077], 1e-9);
});

test("FedNova takes uneven steps for even ones", () => {
  const uneven = three.map((client, i) => ({ ...client, effort: [2, 5, 9][i]! / 9 }));
  const nova = quadratics(of("fednova"), {}, { clients: uneven, epochs: 9, rounds: 400 });
  near(nova.server["model"]!, [0.7190492877, 4.0999253769], 1e-9);
  const slow = quadratics(of("fednova"), {}, {
    clients: uneven,
    epochs: 9,
    rounds: 500,
    optimizer: { kind: "sgd", lr: 1e-3 },
  });
  near(slow.server["model"]!, optimum(shares), 4e-2);
  near(quadratics(of("fednova")).server["model"]!, quadratics(of("fedavg")).server["model"]!, 1e-9);
  near(quadratics(of("fednova"), { mu: 0.5 }).server["model"]!, quadratics(of("fedprox"), { mu: 0.5 }).server["model"]!, 1e-9);
  near(quadratics(of("fednova"), { beta: 0.5 }, { rounds: 400 }).server["model"]!, [0.2760137306, 4.7963827077], 1e-9);
});

test("how far steps carry", () => {
  near(
    [1, 2, 5].map((steps) => reach(steps, { momentum: 0.9, pull: 0 })),
    [1, 2.9, 13.1441],
    1e-12,
  );
  // sum over k < tau of (1 - eta mu)^k
  near([reach(4, { momentum: 0, pull: 0.1 })], [(1 - 0.9 ** 4) / 0.1], 1e-12);
  const losses = (tau: number): number => reach(tau, { momentum: 0, pull: 0 }) / tau;
  near([losses(7), losses(4)], [1, 1], 0);
});

test("FedDyn ends at the federation's optimum, exact or not, and its clients know their gradients there", () => {
  for (const epochs of [5, 60]) {
    const { server, kept } = quadratics(of("feddyn"), { alpha: 0.5 }, { epochs, rounds: 300 });
    near(server["model"]!, optimum(uniform), 1e-9);
    near(server["mean"]!, optimum(uniform), 1e-9);
    near(
      kept.flatMap(({ lambda }) => Array.from(lambda!)),
      [-2.6666666667, -14.8571428571, 16, -3.4285714286, -13.3333333333, 18.2857142857],
      1e-8,
    );
  }
  const weighted = quadratics(of("feddyn"), { alpha: 0.5, weights: "examples" }, { rounds: 500 });
  near(weighted.server["model"]!, [0.5454545455, 5.1724137931], 1e-9);
  const one = quadratics(of("feddyn"), { alpha: 0.5 }, { cohort: (at) => [at % 3], rounds: 900 });
  near(one.server["mean"]!, optimum(uniform), 1e-6);
});

test.run();
