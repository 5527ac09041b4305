// Methods that take a model or its features apart, held to what their parts must be.
import { scope, tensor } from "../../../src/autograd/index.ts";
import type { Vectors } from "../../../src/federated/method.ts";
import { optionsOf } from "../../../src/federated/method.ts";
import { conditionOf } from "../../../src/federated/methods/fedcp.ts";
import { discrepancy } from "../../../src/federated/methods/discrepancy.ts";
import { decomposed } from "../../../src/federated/methods/feddecomp.ts";
import { condition } from "../../../src/federated/methods/gpfl.ts";
import { mixedLog, nearby } from "../../../src/federated/methods/nearby.ts";
import { exp } from "../../../src/runtime/scalar.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { benchOf, kitOf, settings } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";


test("FedDecomp's model is the model of the summed matrices", () => {
  const kit = kitOf();
  const low = kit.net(decomposed(kit.model, 2));
  const plain = kit.net();
  const size = kit.initial.length;
  const own = Float32Array.from({ length: low.parameters.size - size }, (_, i) => ((i * 7) % 11) / 10 - 0.5);
  low.parameters.copyFrom([...kit.initial, ...own]);
  const parts = low.parameters.toRecord();
  const summed = kit.model.specs.flatMap(({ name, shape }) => {
    const w = Array.from(parts[name]!.data);
    const [b, a] = [parts[`${name}.low_b`], parts[`${name}.low_a`]];
    if (!b || !a) return w;
    const [width, rank] = [a.shape[1]!, a.shape[0]!];
    assert.is(rank, Math.min(2, shape[0]!, width));
    return w.map((value, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return value + Array.from({ length: rank }, (_, r) => b.data[row * rank + r]! * a.data[r * width + column]!).reduce((x, y) => x + y);
    });
  });
  plain.parameters.copyFrom(summed);
  const answers = [low, plain].map((net) => scope(() => net.predict(tensor([0.3, -1, 2, 0.5], [2, 2])).toArray()));
  near(answers[0]!, answers[1]!, 1e-5);
  // and something else than the model alone
  plain.parameters.copyFrom(kit.initial);
  const alone = scope(() => plain.predict(tensor([0.3, -1, 2, 0.5], [2, 2])).toArray());
  assert.ok(Math.abs(alone[0]! - answers[0]![0]!) > 1e-3);
  kit.dispose();
});

test("kNN-Per counts its nearest rows by their distances", () => {
  const memory = { features: [0, 0, 2, 0, 50, 50], labels: [0, 1, 2] };
  near(nearby(memory, [0, 0], { k: 2, width: 2, classes: 3 }), [0.88079708, 0.11920292, 0], 1e-7);
  for (const [at, point] of [[0, 0], [2, 0], [50, 50]].entries())
    assert.equal(
      nearby(memory, point, { k: 1, width: 2, classes: 3 }),
      [0, 1, 2].map((c) => Number(c === at)),
    );
  // far from everything the nearest still says something
  near(nearby(memory, [-1e3, 0], { k: 3, width: 2, classes: 3 }), [1, 0, 0], 1e-12);
  near(mixedLog([Math.log(0.25), Math.log(0.75)], [1, 0], 0), [Math.log(0.25), Math.log(0.75)], 1e-12);
  near(mixedLog([Math.log(0.25), Math.log(0.75)], [1, 0], 0.2).map(exp), [0.4, 0.6], 1e-12);
});

test("FedCP's discrepancy", () => {
  const of = (a: readonly number[], b: readonly number[]): number =>
    scope(() => discrepancy(tensor(a, [a.length / 2, 2]), tensor(b, [b.length / 2, 2])).item());
  near([of([1, 2, 3, 4], [1, 2, 3, 4])], [0], 1e-6);
  const cross = [10, 15, 20, 50].reduce((sum, s) => sum + exp(-0.5 / s), 0);
  near([of([0, 0], [1, 0])], [8 - 2 * cross], 1e-5);
});

/** One turn of a client that has had none. */
function turnOf(name: string, options = {}): { down: Vectors; up: Vectors; kept: Vectors } {
  const bench = benchOf(of(name), optionsOf(of(name), options), settings);
  const own = bench.stage(1, 0);
  const down = bench.side.initial();
  const { up, kept } = finish(
    bench.side.train({ client: 1, round: 0, down, kept: {}, own, key: bench.key, effort: 1 }),
  );
  own.dispose();
  bench.kit.dispose();
  return { down, up, kept: kept! };
}

test("FedCP sends the mean of the head that came and its own, and its condition has length 1", () => {
  const { down, up, kept } = turnOf("fedcp");
  near(
    up["head"]!,
    Array.from(kept["own"]!, (value, i) => (value + down["head"]![i]!) / 2),
    1e-6,
  );
  assert.not.equal(kept["own"], down["head"]);
  near(conditionOf(Float64Array.of(1, 2, 2, 2, 9), 2, 2), [0.6, 0.8], 1e-12);
});

test("GPFL's conditions are means of embeddings, and what guides decays", () => {
  near(condition(Float64Array.of(1, 2, 3, 4), [0.5, 0.5]), [2, 3], 1e-12);
  near(condition(Float64Array.of(1, 2, 3, 4), [0, 1]), [3, 4], 1e-12);
  const length = (v: ArrayLike<number>): number => Array.from(v).reduce((sum, x) => sum + x * x, 0);
  const [free, held] = [0, 1].map((mu) => turnOf("gpfl", { mu, lambda: 0 }).up["embeddings"]!);
  assert.ok(length(held!) < 0.9 * length(free!));
  // held hard to their embeddings, features take the embeddings' side: the body moves otherwise
  assert.not.equal(turnOf("gpfl", { lambda: 1 }).up["body"], turnOf("gpfl", { lambda: 0 }).up["body"]);
});

test.run();
