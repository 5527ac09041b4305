import { parameterLabel, partStat, settingName, settingStat, slices, sweepOf } from "../../src/report/sweep.ts";
import { stat } from "../../src/report/stat.ts";
import { assert, test } from "../support/suite.ts";
import { exampleRun } from "./example.ts";

const grid = [0.75, 0].flatMap((optOut) =>
  [1, 0.2].flatMap((p) => [1, 2].map((seed) => exampleRun({ p, optOut, seed }))),
);

test("the varied parameters are found, and seeds are not one of them", () => {
  const { parameters, settings } = sweepOf(grid);
  assert.equal(parameters, ["p", "optOut"]);
  assert.equal(
    settings.map(({ values, runs }) => [...values.values(), runs.length]),
    [
      [0.2, 0, 2],
      [0.2, 0.75, 2],
      [1, 0, 2],
      [1, 0.75, 2],
    ],
  );
});

test("a parameter that only the config knows is found under its dotted name", () => {
  const [run] = grid;
  if (!run) throw new Error("no run");
  const varied = [1e-5, 5e-5].map((learningRate) => ({
    ...run,
    config: { ...run.config, optimizer: { learningRate } },
  }));
  const { parameters, settings } = sweepOf(varied);
  assert.equal(parameters, ["optimizer.learningRate"]);
  assert.equal(settings.map((setting) => settingName(setting)), ["optimizer.learningRate = 0.00001", "optimizer.learningRate = 0.00005"]); // prettier-ignore
});

test("p is named once, though the config has it within its partition too", () => {
  const runs = [0.2, 1].map((p) => {
    const run = exampleRun({ p });
    return { ...run, config: { ...run.config, partition: { kind: "majority", p } } };
  });
  const { parameters, settings } = sweepOf(runs);
  assert.equal(parameters, ["p"]);
  assert.equal(
    settings.map((setting) => settingName(setting)),
    ["p = 0.2", "p = 1"],
  );
});

test("slices vary one parameter and hold the others", () => {
  const byP = slices(sweepOf(grid), "p");
  assert.equal(
    byP.map((slice) => slice.map(({ values }) => [...values.values()])),
    [
      [[0.2, 0], [1, 0]],
      [[0.2, 0.75], [1, 0.75]],
    ],
  ); // prettier-ignore
});

test("with several seeds the interval is over seeds, with one over its clients", () => {
  const { settings } = sweepOf(grid);
  const [setting] = settings;
  if (!setting) throw new Error("no setting");
  const results = setting.runs.map(({ summary }) => summary.methods["mixture"]!.localTest);
  assert.equal(settingStat(setting, "mixture", "localTest"), stat(results.map(({ mean }) => mean)));
  const alone = { ...setting, runs: setting.runs.slice(0, 1) };
  assert.equal(settingStat(alone, "mixture", "localTest"), results[0]);
  assert.is(settingStat(setting, "ensemble", "localTest"), undefined);
});

test("opted-out clients can be looked at alone", () => {
  const [setting] = sweepOf([exampleRun({ optOut: 0.5 })]).settings;
  if (!setting) throw new Error("no setting");
  const values = setting.runs.flatMap(({ metrics }) =>
    metrics.flatMap((metric) =>
      metric.kind === "client" && metric.method === "local" && metric.optedOut ? [metric.globalTest] : [],
    ),
  );
  assert.is(values.length, 10);
  assert.equal(partStat(setting, "local", "globalTest", ({ optedOut }) => optedOut), stat(values)); // prettier-ignore
  assert.is(partStat(setting, "local", "globalTest", () => false), undefined); // prettier-ignore
});

test("names are for people", () => {
  assert.is(parameterLabel("optOut"), "opt-out");
  const { settings } = sweepOf(grid);
  assert.is(settings[1] && settingName(settings[1]), "p = 0.2, opt-out = 0.75");
  assert.is(settings[1] && settingName(settings[1], "p"), "opt-out = 0.75");
});

test.run();
