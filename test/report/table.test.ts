import { methodOrder, methodStyle } from "../../src/report/methods.ts";
import { duration, fixed, plusMinus, signed } from "../../src/report/numbers.ts";
import { methodTable, settingTable } from "../../src/report/table.ts";
import { assert, test } from "../support/suite.ts";
import { exampleRun } from "./example.ts";

const stat = (mean: number, ci95: number) => ({ mean, std: 1, ci95 });
const result = (local: number, global: number, ci95 = 0.53) => ({
  localTest: stat(local, ci95),
  globalTest: stat(global, ci95),
});

test("the table has one row per method, baselines first, in fixed columns", () => {
  const methods = {
    mixture: result(64.52, 19.64),
    constantWeight: result(64, 19, NaN),
    local: result(59.9, 14),
    fedavg: result(16.8, 20),
    finetuned: result(64.5, 18.9),
  };
  const lines = [
    "method           local test      ±  global test      ±",
    "Local                  59.9    0.5         14.0    0.5",
    "FedAvg                 16.8    0.5         20.0    0.5",
    "Fine-tuned             64.5    0.5         18.9    0.5",
    "Constant weight        64.0      –         19.0      –",
    "Mixture                64.5    0.5         19.6    0.5",
  ];
  assert.is(methodTable({ methods }), `${lines.join("\n")}\n`);
});

test("the table of a sweep has a row per setting: means over its seeds, and what the mixture has more", () => {
  const runs = [1, 0.2].flatMap((p) => [1, 2].map((seed) => exampleRun({ p, seed })));
  const [head, ...rows] = settingTable(runs).trimEnd().split("\n");
  assert.match(head!, /^setting +seeds +Local +FedAvg +Fine-tuned +Mixture +Mixture − Fine-tuned$/);
  assert.equal(
    rows.map((row) => row.split(/ {2,}/).slice(0, 2)),
    [
      ["p = 0.2", "2"],
      ["p = 1", "2"],
    ],
  );
  const means = runs.slice(2).map(({ summary }) => summary.methods["local"]!.localTest.mean);
  assert.is(rows[0]!.split(/ {2,}/)[2]!.split(" / ")[0], fixed((means[0]! + means[1]!) / 2));
  assert.is(new Set([head, ...rows].map((row) => row!.length)).size, 1);
});

test("unknown methods come before the mixture, by name", () => {
  assert.equal(methodOrder(["mixture", "pfedme", "local", "ditto", "mixture"]), [
    "local",
    "ditto",
    "pfedme",
    "mixture",
  ]);
  assert.is(methodStyle("ditto").label, "ditto");
});

test("numbers have true minus signs and nothing where nothing is known", () => {
  assert.is(fixed(-3.0625), "−3.1");
  assert.is(fixed(NaN), "–");
  assert.is(fixed(undefined), "–");
  assert.is(signed(2), "+2.0");
  assert.is(signed(-2), "−2.0");
  assert.is(signed(-0.04), "0.0");
  assert.is(plusMinus(stat(64.52, 1.91)), "64.5 ± 1.9");
  assert.is(plusMinus(stat(-4, NaN), 1, signed), "−4.0");
});

test("durations are read at a glance", () => {
  assert.is(duration(8.04), "8.0 s");
  assert.is(duration(61.2), "1 min 01 s");
  assert.is(duration(3599.7), "1 h 00 min");
  assert.is(duration(7650), "2 h 07 min");
});

test.run();
