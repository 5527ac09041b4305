import { cohortsOf, difference, raceFederations } from "../../bench/federationRace.ts";
import type { Entrant, FederationReply, FederationRequest } from "../../bench/federationPeers.ts";
import { federations } from "../../bench/suites/federations.ts";
import { assert, test } from "../support/suite.ts";

const options = { folder: "somewhere", clients: 10, cohort: 3, checked: 2, turns: 4, seconds: 60 };
const same: FederationReply = { seconds: [9, 0.25, 0.35, 0.3], losses: [2, 1.5, 1], steps: 6 };

/** An entrant that answers the same to all rounds, and the log of who was asked what. */
function entrant(name: string, log: string[], reply: FederationReply, workers = 1): Entrant {
  return {
    name,
    workers,
    ask: async (request: FederationRequest) => {
      const what = request.do === "prepare" ? "prepare" : request.plain ? "check" : `turn ${request.turn}`;
      log.push(`${name} ${what}`);
      return request.do === "prepare" ? {} : reply;
    },
  };
}

test("who does other work, or whose loss does not fall, is told of", () => {
  assert.is(difference(same, { ...same, losses: [2.001, 1.499, 1.004] }), null);
  assert.match(String(difference(same, { ...same, steps: 5 })), /5 steps, expected 6/);
  assert.match(String(difference(same, { ...same, losses: [2, 1.5, 1.01] })), /1.01 in round 2, expected 1/);
  assert.match(String(difference(same, { ...same, losses: [2, 1.5] })), /losses of 2 rounds, expected 3/);
  const flat = { ...same, losses: [2, 2, 2] };
  assert.match(String(difference(flat, flat)), /expected it to fall/);
  assert.match(String(difference(same, { ...same, losses: [2, NaN, 1] })), /NaN in round 1/);
});

test("everybody is compared first and then timed in turns, the first round left out", async () => {
  const log: string[] = [];
  const finishes = await raceFederations([entrant("a", log, same), entrant("b", log, same)], options);
  assert.equal(
    log.filter((entry) => !/prepare|turn 0/.test(entry)),
    ["a check", "b check", "b turn 1", "a turn 1", "a turn 2", "b turn 2", "b turn 3", "a turn 3", "a turn 4", "b turn 4"],
  ); // prettier-ignore
  for (const { turns, losses, steps } of finishes) {
    assert.equal(turns, [0.3, 0.3, 0.3, 0.3]);
    assert.equal([losses, steps], [same.losses, 6]);
  }
});

test("who fails is left out with its reason, and the others are timed", async () => {
  const log: string[] = [];
  const broken = { error: "no wheel" };
  const racers = [entrant("a", log, same), entrant("b", log, broken), entrant("c", log, { ...same, steps: 7 })];
  const [a, b, c] = await raceFederations(racers, options);
  assert.is(a!.turns.length, 4);
  assert.is(b!.error, "no wheel");
  assert.match(String(c!.error), /wrong result: 7 steps, expected 6/);
  assert.equal(
    log.filter((entry) => /^[bc] turn/.test(entry)),
    [],
  );
});

test("who takes longer for a round than for all turns is timed once", async () => {
  const log: string[] = [];
  const slow = entrant("b", log, { ...same, seconds: [9, 61] });
  const [a, b] = await raceFederations([entrant("a", log, same), slow], options);
  assert.equal([a!.turns.length, b!.turns], [4, [61]]);
  assert.is(b!.error, undefined);
  assert.equal(
    log.filter((entry) => entry.startsWith("b turn")),
    ["b turn 0"],
  );
});

test("cohorts differ by turn and round, and are of the clients", () => {
  const cohorts = [...cohortsOf(1000, 5, 1, 3), ...cohortsOf(1000, 5, 2, 3)];
  assert.is(new Set(cohorts.map(String)).size, 6);
  for (const cohort of cohorts) {
    assert.is(new Set(cohort).size, 5);
    assert.ok(cohort.every((client) => client >= 0 && client < 1000));
  }
});

test("two workers of moiety's do the same work as one, in processes of their own", async () => {
  const found = [];
  for await (const line of federations.measure!((name) => name.startsWith("T2"), { beside: false, rounds: 1 }))
    found.push(line);
  assert.equal(
    found.map(({ name, error }) => [name.slice(0, 2), error]),
    [
      ["T2", undefined],
      ["T2", undefined],
    ],
  );
  const [one, two] = found.map(({ also }) => also!);
  // as many steps, to the same losses: the bits do not hang on the workers
  for (const figure of ["checked steps", "loss from", "loss to"]) assert.is(two![figure], one![figure]);
});

test.run();
