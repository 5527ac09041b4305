// Update rules held to their closed forms on quadratics, in double precision.
import { near } from "../../support/near.ts";
import { optimum, quadratics, three } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const uniform = [1, 1, 1];

test("the quadratics are what they say", () => {
  near(optimum([0.1, 0.3, 0.6]), [0.5454545455, 5.1724137931], 1e-9);
  near(optimum(uniform), [1.3333333333, 3.7142857143], 1e-9);
  near(quadratics(of("fedavg"), {}, { rounds: 0, start: [3, -2] }).own[1]!, [3, -2], 1e-12);
});

test("local ends at every client's own optimum", () => {
  near(
    quadratics(of("local")).own.flat(),
    three.flatMap(({ b }) => b),
    1e-9,
  );
});

test("FedAvg", () => {
  const fedavg = of("fedavg");
  near(quadratics(fedavg).server["model"]!, [0.2760137306, 4.7963827077], 1e-9);
  near(quadratics(fedavg, {}, { rounds: 1 }).server["model"]!, [0.191532, 3.56577], 1e-9);
  near(quadratics(fedavg, {}, { epochs: 1 }).server["model"]!, [0.5454545455, 5.1724137931], 1e-9);
  const alike = three.map((client) => ({ ...client, n: 20 }));
  const drawn = three.map(({ h, b }) => ({ h: h.map((one) => 1 - (1 - 0.1 * one) ** 5) as [number, number], b, n: 1 }));
  near(quadratics(fedavg, {}, { clients: alike }).server["model"]!, optimum(uniform, drawn), 1e-9);
  // clients that do 2, 5 and 9 steps
  const uneven = three.map((client, i) => ({ ...client, effort: [2, 5, 9][i]! / 9 }));
  near(quadratics(fedavg, {}, { clients: uneven, epochs: 9 }).server["model"]!, [-0.0515485195, 5.0603002093], 1e-9);
});

test("FedProx", () => {
  near(quadratics(of("fedprox"), { mu: 0.5 }).server["model"]!, [0.2807984702, 4.8049940255], 1e-9);
  const exact = quadratics(of("fedprox"), { mu: 0.5 }, { epochs: 200 }).server["model"]!;
  near(exact, [0.0853080569, 4.4262295082], 1e-9);
  const first = quadratics(of("fedprox"), { mu: 0.5 }, { epochs: 200, rounds: 1 }).server["model"]!;
  near(first, [0.06857142857, 3.6], 1e-9);
});

test("SCAFFOLD ends at the optimum of its controls' weights, whatever the steps and whoever takes part", () => {
  const scaffold = of("scaffold");
  const { server, kept } = quadratics(scaffold, {}, { rounds: 200 });
  near(server["model"]!, [1.3333333333, 3.7142857143], 1e-9);
  near(server["control"]!, [0, 0], 1e-9);
  near(
    kept.flatMap(({ control }) => Array.from(control!)),
    [1.3333333333, 7.4285714286, -8, 1.7142857143, 6.6666666667, -9.1428571429],
    1e-9,
  );
  const uneven = three.map((client, i) => ({ ...client, effort: [2, 5, 9][i]! / 9 }));
  near(quadratics(scaffold, {}, { clients: uneven, epochs: 9 }).server["model"]!, optimum(uniform), 1e-9);
  const one = quadratics(scaffold, {}, { cohort: (round) => [round % 3], rounds: 600 });
  near(one.server["model"]!, optimum(uniform), 1e-9);
  const weighted = quadratics(scaffold, { weights: "examples" });
  near(weighted.server["model"]!, [0.5454545455, 5.1724137931], 1e-9);
});

test("Ditto's own models stand between their optimum and the shared model", () => {
  const golden = [0.1136527126, 1.2435066279, 3.2954620571, 3.1514517032, -1.4099223661, 5.8207378501];
  for (const order of ["after", "interleaved"])
    near(quadratics(of("ditto"), { lambda: 0.7, order }, { rounds: 100 }).own.flat(), golden, 1e-9);
  const { answers } = quadratics(of("ditto"), { lambda: 0.7 });
  near(answers[0]!["shared"]!, [0.2760137306, 4.7963827077], 1e-9);
});

test("what is shared is averaged and what is not stays with its client", () => {
  for (const name of ["fedper", "fedrep"]) {
    const { own } = quadratics(of(name));
    assert.ok(
      own.every(([w]) => Math.abs(w - 0.2760137306) < 1e-9),
      name,
    );
    near(
      own.map(([, w]) => w),
      three.map(({ b }) => b[1]),
      1e-9,
    );
  }
});

test.run();
