// A hazard that is chosen on held-out rows: what it finds where evidence is strong or says nothing, and where it must not choose.
import fc from "fast-check";
import { logSoftmax, tensor } from "../../src/autograd/index.ts";
import { HAZARD } from "../../src/moe/evidence.ts";
import { chosenHazard, HAZARDS, type HeldOut } from "../../src/moe/hazard.ts";
import { labelLaw, labelLawAnswers, logRatio } from "../../src/moe/labelLaw.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

const classes = 3;

/** Rows of a client with this law, told apart by a generalist as sharply as said. */
function held(shares: readonly number[], sharpness: number, seed: number, count = 150): HeldOut {
  const stream = new Stream(fold(key(seed), "held"));
  const labels = Array.from({ length: count }, (_, i) => {
    let left = (i + 0.5) / count;
    return Math.max(
      0,
      shares.findIndex((share) => (left -= share) < 0),
    );
  });
  const scores = labels.flatMap((label) =>
    shares.map((_, y) => (y === label ? sharpness : 0) + 2 * stream.uniform() - 1),
  );
  const lg = logSoftmax(tensor(scores, [count, classes]));
  const ratio = logRatio(labelLaw(labels, classes));
  return { ls: labelLawAnswers(lg, ratio).toArray(), lg: lg.toArray(), labels, ratio };
}

test("what is chosen is one of those there are, and the same again", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.double({ min: 0, max: 4, noNaN: true }), (seed, sharpness) => {
      const rows = held([0.7, 0.2, 0.1], sharpness, seed);
      const found = chosenHazard(rows, 0.5, key(seed));
      assert.ok(HAZARDS.includes(found));
      assert.is(chosenHazard(rows, 0.5, key(seed)), found);
    }),
    { numRuns: 15 },
  );
});

test("it stays what it is where evidence says nothing, or where a class was never held out", () => {
  const rows = held([0.7, 0.2, 0.1], 2, 1);
  assert.is(chosenHazard({ ...rows, ratio: [0, 0, 0] }, 0.5, key(1)), HAZARD);
  assert.is(chosenHazard(held([0.6, 0.4, 0], 2, 1), 0.5, key(1)), HAZARD);
  assert.is(chosenHazard({ ls: [], lg: [], labels: [], ratio: [0, 0, 0] }, 0.5, key(1)), HAZARD);
});

test("no other hazard has a lower loss on the streams that it was chosen on, and the choice moves with the rows", () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 12; seed++)
    for (const sharpness of [0.2, 1.5, 4]) seen.add(chosenHazard(held([0.8, 0.1, 0.1], sharpness, seed), 0.5, key(2)));
  assert.ok(seen.size > 1, "one and the same whatever the rows");
});

test.run();
