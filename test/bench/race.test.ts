import type { Reply, Request } from "../../bench/protocol.ts";
import { difference, type Finish, race, type Racer, ratio } from "../../bench/race.ts";
import type { Case } from "../../bench/suite.ts";
import { assert, test } from "../support/suite.ts";

const one: Case = {
  name: "a case",
  task: { op: "nothing" },
  prepare: () => ({ run: () => undefined }),
};

const options = { rounds: 9, milliseconds: 1, seconds: 60 };

/** A racer that answers from a script, and the log of who was asked what, in order. */
function racer(name: string, log: string[], answers: Partial<Record<Request["do"], Reply | (() => Reply)>>): Racer {
  return {
    name,
    ask: async (request) => {
      log.push(`${name} ${request.do}`);
      const answer = answers[request.do] ?? {};
      return typeof answer === "function" ? answer() : answer;
    },
  };
}

test("every round times everybody, and nobody always goes first", async () => {
  const log: string[] = [];
  const burst = { samples: [2, 1, 3] };
  const racers = ["a", "b", "c"].map((name) => racer(name, log, { check: { check: [1] }, burst }));
  const finishes = await race("suite", one, racers, options);
  const turns = log.filter((entry) => entry.endsWith("burst")).map(([name]) => name);
  assert.is(turns.length, 27);
  for (let round = 0; round < 9; round++) {
    const order = turns.slice(round * 3, round * 3 + 3);
    assert.equal(order.toSorted(), ["a", "b", "c"]);
    assert.is(order[0], "abc"[round % 3]);
  }
  for (const { ms, rounds } of finishes) {
    assert.is(ms, 2);
    assert.equal(rounds, Array(9).fill(2));
  }
});

test("a wrong result is an error and is not timed", async () => {
  const log: string[] = [];
  const burst = { samples: [1] };
  const right = racer("right", log, { check: { check: [1, 2, 3] }, burst });
  const wrong = racer("wrong", log, { check: { check: [1, 2, 4] }, burst });
  const [reference, failed] = await race("suite", one, [right, wrong], options);
  assert.is(reference!.error, undefined);
  assert.is(failed!.error, "wrong result: 4 at 2, expected 3");
  assert.not(log.includes("wrong burst"));
});

test("what a library throws ends its race and nobody else's", async () => {
  const log: string[] = [];
  const burst = { samples: [1] };
  const able = racer("able", log, { check: { check: [1] }, burst });
  const unable = racer("unable", log, { prepare: { error: "Kernel 'X' not registered" }, burst });
  const [ours, theirs] = await race("suite", one, [able, unable], options);
  assert.is(ours!.rounds.length, 9);
  assert.is(theirs!.error, "Kernel 'X' not registered");
  assert.equal(
    log.filter((entry) => entry.startsWith("unable")),
    ["unable prepare"],
  );
});

test("where the reference has nothing to compare, nobody is compared", async () => {
  const log: string[] = [];
  const burst = { samples: [1] };
  const ours = racer("ours", log, { burst });
  const theirs = racer("theirs", log, { check: { check: [5] }, burst });
  for (const { error } of await race("suite", one, [ours, theirs], options)) assert.is(error, undefined);
});

test("a slow case gets fewer rounds, but three", async () => {
  const log: string[] = [];
  const slow = racer("slow", log, { burst: { samples: [1] } });
  const [finish] = await race("suite", one, [slow], { ...options, seconds: 0 });
  assert.is(finish!.rounds.length, 3);
});

test("results differ when they are of another length, off by more than 0.2 %, or not numbers", () => {
  assert.is(difference([1, 2], [1, 2.001]), null);
  assert.is(difference([1, 2], [1, 2.01]), "2.01 at 1, expected 2");
  assert.is(difference([1], [1, 2]), "2 numbers, expected 1");
  assert.is(difference([1], [NaN]), "NaN at 0, expected 1");
  // noise around zero is judged by the size of the whole
  assert.is(difference([0, 100], [0.1, 100]), null);
});

function finish(rounds: number[]): Finish {
  return { runner: "", ms: 0, rounds, modes: null };
}

test("a ratio is the median over rounds, so that a machine that slows down for both does not change it", () => {
  assert.is(ratio(finish([2, 20, 2]), finish([1, 10, 1])), 2);
});

test.run();
