import { type Bar, bars, standings, standingTable } from "../../bench/bars.ts";
import type { Line } from "../../bench/line.ts";
import { suites } from "../../bench/suites/index.ts";
import { assert, test } from "../support/suite.ts";

const common = { suite: "step", runtime: "node", build: "plain" };
const lines: readonly Line[] = [
  { ...common, name: "a", ms: 1, ofPeak: 0.9, also: { kB: 44 } },
  { ...common, name: "b", ms: 2, ofPeak: 0.7 },
  { ...common, name: "a", ms: 3, peer: "PyTorch", ratio: 3 },
  { ...common, name: "b", ms: 3, peer: "PyTorch", ratio: 1.5 },
  { ...common, name: "b", ms: null, peer: "tfjs", error: "no gradient" },
];
const bar: Bar = { what: "it", suite: "step", cases: /./, figure: "ofPeak", least: 0.8 };

test("a bar stands with its worst line", () => {
  assert.equal(standings(lines, [bar]), [{ bar, worst: 0.7, name: "b", holds: false }]);
  const one = { ...bar, cases: /^a$/ };
  assert.equal(standings(lines, [one]), [{ bar: one, worst: 0.9, name: "a", holds: true }]);
});

test("a bar on a peer looks at that peer's lines alone", () => {
  const ratio: Bar = { ...bar, figure: "ratio", peers: /^PyTorch$/, least: 1.5 };
  assert.equal(standings(lines, [ratio]), [{ bar: ratio, worst: 1.5, name: "b, PyTorch", holds: true }]);
});

test("an upper bar is missed from above, and reads other numbers by name", () => {
  const most: Bar = { what: "it", suite: "step", cases: /./, figure: "also:kB", most: 43 };
  assert.equal(standings(lines, [most]), [{ bar: most, worst: 44, name: "a", holds: false }]);
});

test("a bar that nothing was measured for is left out", () => {
  assert.equal(
    standings(lines, [
      { ...bar, suite: "infer" },
      { ...bar, peers: /tfjs/, figure: "ratio" },
    ]),
    [],
  );
});

test("every bar on a timed suite names a case that there is", () => {
  for (const { what, suite, cases } of bars) {
    const found = suites.find(({ name }) => name === suite);
    assert.ok(found, what);
    if (!found!.measure)
      assert.ok(
        found!.cases.some(({ name }) => cases.test(name)),
        what,
      );
  }
});

test("the table says what is short", () => {
  assert.match(standingTable(standings(lines, [bar])), /\| it \| at least 0.8 \| 0.700 \(b\) \| \*\*short\*\* \|/);
});

test.run();
