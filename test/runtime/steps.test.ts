import { finish, inTurns, type Steps, turn } from "../../src/runtime/steps.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("steps");

function* sumTo(n: number, log: string[] = []): Steps<number> {
  let sum = 0;
  try {
    for (let i = 1; i <= n; i++) {
      sum += i;
      yield;
    }
    log.push("complete");
  } finally {
    log.push("freed");
  }
  return sum;
}

test("the same steps give the same result at once and in turns", async () => {
  assert.is(finish(sumTo(100)), 5050);
  assert.is(await inTurns(sumTo(100)), 5050);
  assert.is(await inTurns(sumTo(100), { slice: 0 }), 5050);
});

test("in turns, others get a turn", async () => {
  const order: string[] = [];
  const other = turn().then(() => order.push("other"));
  await Promise.all([inTurns(sumTo(50), { slice: 0 }).then(() => order.push("work")), other]);
  assert.equal(order, ["other", "work"]);
});

test("an abort ends the work at a rest, frees what it made and rejects with the reason", async () => {
  const log: string[] = [];
  const controller = new AbortController();
  const work = inTurns(sumTo(1e9, log), { signal: controller.signal, slice: 0 });
  await turn();
  controller.abort(new Error("enough"));
  const reason = await work.catch((error: Error) => error.message);
  assert.is(reason, "enough");
  assert.equal(log, ["freed"]);
});

test("an error in a step frees and rejects", async () => {
  const log: string[] = [];
  const failing = function* (): Steps<void> {
    yield* sumTo(2, log);
    throw new RangeError("broken");
  };
  assert.is(await inTurns(failing()).catch((error: Error) => error.message), "broken");
  assert.equal(log, ["complete", "freed"]);
});

test.run();
