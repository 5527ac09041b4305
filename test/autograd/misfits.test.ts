// What does not go together is refused, or does no harm: samples of every op with their operands changed, and calls of the
// public functions that cannot be answered.
import fc from "fast-check";
import { badCalls, tryBad } from "../support/badCalls/index.ts";
import { misfits, tryMisfit } from "../support/misfits.ts";
import { callable } from "../support/opCalls.ts";
import { suite } from "../support/suite.ts";

const test = suite("misfits");

for (const name of callable)
  test(`${name} with operands that do not fit is refused, or answers as its twin and writes nowhere else`, () => {
    fc.assert(fc.property(misfits(name), tryMisfit), { numRuns: 12 });
  });

test("an answer beyond single precision is no wrong gradient", () => {
  tryMisfit({ name: "exp", x: [{ dtype: "f32", shape: [2], values: [0, 255] }], attrs: undefined });
});

test("sizes that are none, labels beyond the classes and options out of range are errors that say what", async () => {
  await fc.assert(fc.asyncProperty(badCalls, tryBad), { numRuns: 1000 });
});

test.run();
