// A round in parts: taken in by their order, with others under way meanwhile.
import { inOrder } from "../../src/federated/cohort.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

/** Parts 0 to 4, the earlier the slower, and the log of what happens to them. */
function parts(fails?: number): {
  log: string[];
  work: (part: number) => Promise<number>;
  take: (part: number) => void;
} {
  const log: string[] = [];
  const work = async (part: number): Promise<number> => {
    log.push(`begin ${part}`);
    await new Promise((resolve) => setTimeout(resolve, 5 * (5 - part)));
    if (part === fails) throw new Error(`part ${part} is lost`);
    return part;
  };
  return { log, work, take: (part) => void log.push(`take ${part}`) };
}

for (const [ahead, expected] of [
  [0, "begin 0,take 0,begin 1,take 1,begin 2,take 2"],
  [1, "begin 0,begin 1,take 0,begin 2,take 1,take 2"],
  [2, "begin 0,begin 1,begin 2,take 0,take 1,take 2"],
] as const)
  test(`parts are taken in by their order, ${ahead} under way meanwhile`, async () => {
    const { log, work, take } = parts();
    await inOrder([0, 1, 2], work, ahead, take);
    assert.is(log.join(), expected);
  });

test("no more are under way than may be", async () => {
  let [under, most] = [0, 0];
  const work = async (): Promise<void> => {
    most = Math.max(most, ++under);
    await new Promise((resolve) => setTimeout(resolve, 1));
    under--;
  };
  await inOrder(Array.from({ length: 7 }), work, 2, () => {});
  assert.is(most, 2);
});

test("when one is lost, or cannot be taken in, the others are waited for and the error is its own", async () => {
  const lost = parts(1);
  const ended: number[] = [];
  const work = async (part: number): Promise<number> => {
    try {
      return await lost.work(part);
    } finally {
      ended.push(part);
    }
  };
  await refusesLater(() => inOrder([0, 1, 2, 3], work, 2, lost.take), /part 1 is lost/);
  assert.equal(ended.toSorted(), [0, 1, 2]);
  ended.length = 0;
  const spoilt = (): never => {
    throw new Error("spoilt");
  };
  await refusesLater(() => inOrder([0, 2, 3], work, 2, spoilt), /spoilt/);
  assert.equal(ended.toSorted(), [0, 2, 3]);
});

test.run();
