// Who is ahead, and that no test row had a say in what is held to be a method's own.
import fc from "fast-check";
import { leaderboard } from "../../src/report/leaderboard.ts";
import { renderLeaderboard } from "../../src/report/leaderboardReport.ts";
import { openDocument } from "../../src/report/index.ts";
import type { RunRecords } from "../../src/report/records.ts";
import type { ClientMetric } from "../../src/report/metrics.ts";
import { stat } from "../../src/report/stat.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

interface Made {
  readonly method: string;
  readonly seed?: number;
  readonly p?: number;
  readonly options?: Readonly<Record<string, number>>;
  /** Of the one validation of its federation. */
  readonly loss?: number;
  /** Local test of each client. */
  readonly local: readonly number[];
}

/** A run of one method, whose global test is half of its local one. */
function made({ method, seed = 1, p = 0.6, options = {}, loss = 1, local }: Made): RunRecords {
  const clients = local.map((localTest, client): ClientMetric => ({
    kind: "client",
    client,
    method,
    optedOut: client === local.length - 1,
    localTest,
    globalTest: localTest / 2,
    localNll: 1,
    globalNll: 2,
    testRows: client + 1,
  }));
  const shared = { preset: "quick", fidelity: "paper", dataset: "fashion-mnist", seed, p };
  return {
    config: { ...shared, methods: { [method]: options } },
    summary: {
      version: 1,
      ...shared,
      optOut: 0,
      ownRowsKeptBack: 0,
      clients: local.length,
      rounds: 1,
      bestRound: 0,
      wallSeconds: 2,
      phases: { [method]: 2 },
      weightsSha256: [method, seed, p, JSON.stringify(options)].join(" "),
      evaluatedClients: local.length,
      methods: { [method]: { localTest: stat(local), globalTest: stat(local.map((value) => value / 2)) } },
      federations: { [method]: { rounds: 1, bestRound: 0, down: 3e6, up: 1e6 } },
      command: "",
      runtime: "",
    },
    metrics: [
      {
        kind: "round",
        method,
        round: 0,
        clients: [0],
        trainLoss: 1,
        validationLoss: loss,
        validationAccuracy: 100 - loss,
        down: 3e6,
        up: 1e6,
        seconds: 1,
      },
      ...clients,
    ],
  };
}

const fedavg = [1, 2].map((seed) => made({ method: "fedavg", seed, local: [50, 60, 70] }));
const local = [1, 2].map((seed) => made({ method: "local", seed, local: [80, 50, 60] }));

test("options are chosen by validation over seeds, whatever the test says of them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ loss: fc.integer({ min: 1, max: 9 }), at: fc.integer({ min: 0, max: 100 }) }), {
        minLength: 2,
        maxLength: 5,
      }),
      (candidates) => {
        const runs = candidates.flatMap(({ loss, at }, lambda) =>
          [1, 2].map((seed) => made({ method: "ditto", seed, options: { lambda }, loss, local: [at, at, at] })),
        );
        const lines = leaderboard([...runs, ...fedavg]).boards[0]!.lines;
        const line = lines.find(({ method }) => method === "ditto")!;
        const best = candidates.findIndex(({ loss }) => loss === Math.min(...candidates.map((one) => one.loss)));
        assert.equal([line.chosen, line.candidates, line.seeds], [`lambda=${best}`, candidates.length, 2]);
        assert.is(line.localTest.mean, candidates[best]!.at);
      },
    ),
  );
});

test("differences are paired by client and seed, and harm is counted against Local and FedAvg", () => {
  const ditto = [1, 2].map((seed) => made({ method: "ditto", seed, local: [60, 70, 60 + 10 * seed] }));
  const { lines, target } = leaderboard([...fedavg, ...local, ...ditto]).boards[0]!;
  assert.equal(
    lines.map(({ method }) => method),
    ["ditto", "local", "fedavg"],
  );
  const [line] = lines;
  near([line!.overFedavg!.local.mean], [(10 + 10 + 0 + 10 + 10 + 10) / 6]);
  near([line!.overFedavg!.global.mean], [(10 + 10 + 0 + 10 + 10 + 10) / 12]);
  // behind Local at client 0 of both seeds
  near([line!.harmed.local!, line!.harmed.fedavg!], [2 / 6, 0]);
  near([line!.spread.weighted], [(60 + 140 + 210 + 60 + 140 + 240) / 12]);
  near([line!.strangers!.mean], [75]);
  assert.is(target, 99);
  assert.equal(line!.target, { reached: 2, rounds: 1, megabytes: 4 });
  assert.is(lines[2]!.overFedavg, undefined);
  assert.equal(line!.cost, { down: 3e6, up: 1e6, seconds: 2, rounds: 1, kept: 0 });
});

test("settings have boards of their own, and places are means over them", () => {
  const runs = [0.2, 1].flatMap((p) => [
    made({ method: "fedavg", p, local: p < 0.5 ? [90, 90] : [10, 10] }),
    made({ method: "ditto", p, local: [50, 50] }),
  ]);
  const { boards, ranks } = leaderboard(runs);
  assert.equal(
    boards.map(({ setting, lines }) => [setting, lines[0]!.method]),
    [
      ["p = 0.2", "fedavg"],
      ["p = 1", "ditto"],
    ],
  );
  assert.equal(
    ranks.map((rank) => rank.local),
    [1.5, 1.5],
  );
  assert.equal(ranks.find(({ method }) => method === "ditto")!.places, [2, 1]);
});

test("a run that is there twice counts once, and the page says all of it", async () => {
  const twice = leaderboard([...fedavg, ...fedavg, ...local]);
  assert.equal(twice, leaderboard([...fedavg, ...local]));
  const page = renderLeaderboard([...fedavg, ...local], await openDocument(), {
    failed: [{ name: "ditto-seed1", reason: "it diverged" }],
  });
  for (const words of [
    "Methods compared on fashion-mnist",
    "FedAvg",
    "Worst tenth",
    "ditto-seed1",
    "seeds\n          1, 2",
  ])
    assert.ok(page.includes(words), words);
});

test.run();
