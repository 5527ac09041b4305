// Adaptive local aggregation by itself: which rows it learns its shares on.
import { tensor } from "../../../src/autograd/index.ts";
import { ala } from "../../../src/federated/methods/ala.ts";
import { FloatExamples } from "../../../src/nn/index.ts";
import { key } from "../../../src/runtime/random.ts";
import { kitOf } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { test } from "../../support/suite.ts";

test("shares are learnt on the part of the rows that is asked for, whichever batches were passed over before", () => {
  const kit = kitOf({ batchSize: 1 });
  const pair = kit.pair();
  pair.body.parameters.copyFrom(kit.initialParts.body);
  const count = 40;
  const x = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i));
  const train = new FloatExamples(tensor(x, [count, 2]), Array.from({ length: count }, (_, i) => i % 3));
  const shared = kit.initialParts.head;
  const passes = 25;
  for (const sample of [0.2, 0.5, 0.8, 1]) {
    const turn = { own: { train, validation: train }, key: key(4) };
    const between = { local: shared.map((w) => w + 0.1), shared, before: undefined };
    const steps = ala(kit, pair, turn, between, { rate: 0.01, sample, passes, threshold: 0 });
    // it rests after every batch that it takes
    let taken = 0;
    while (!steps.next().done) taken++;
    near([taken / (passes * count)], [sample], 0.06);
  }
  train.dispose();
  kit.dispose();
});

test("passes without rows say nothing of how losses lie, and a single row says enough", () => {
  const kit = kitOf({ batchSize: 100 });
  const pair = kit.pair();
  pair.body.parameters.copyFrom(kit.initialParts.body);
  const train = new FloatExamples(tensor([0.3, -0.7], [1, 2]), [1]);
  const shared = kit.initialParts.head;
  const between = { local: shared.map((w) => w + 0.1), shared, before: undefined };
  const turn = { own: { train, validation: train }, key: key(4) };
  // about half of the passes have the row; ten of those are enough at this threshold
  const steps = ala(kit, pair, turn, between, { rate: 0.01, sample: 0.5, passes: 60, threshold: 1e9 });
  let taken = 0;
  while (!steps.next().done) taken++;
  near([taken], [10], 0);
  train.dispose();
  kit.dispose();
});

test.run();
