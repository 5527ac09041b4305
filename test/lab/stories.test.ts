import fc from "fast-check";
import { readAddress, sameConfig, writeAddress } from "../../lab/page/address.ts";
import { changesOf } from "../../lab/page/changes.ts";
import { around } from "../../lab/page/ghosts.ts";
import { checkLimits } from "../../lab/page/limits.ts";
import { stops, stories } from "../../lab/page/stories.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { preset } from "../../src/experiment/presets.ts";
import { override } from "../../src/experiment/config.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("the lab's stories");

test("every story is a set-up that can run and be shared, unlike the others, and says something at every stop", () => {
  for (const { name, config, says } of stories) {
    checkLimits(parseConfig(config));
    assert.ok(sameConfig(readAddress(writeAddress(config)), config), name);
    assert.equal(Object.keys(says), [...stops], name);
    for (const stop of stops) assert.match(says[stop], /[.?]$/, `${name}, ${stop}`);
  }
  assert.is(new Set(stories.map(({ config }) => writeAddress(config))).size, stories.length);
});

test("what a summary does not tell of a set-up is told as the form's labels, and nothing of what is the same", () => {
  const quick = preset("quick");
  assert.equal(changesOf(quick, quick), []);
  const other = parseConfig(override(override(quick, "federation.rounds", 7), "mixture.gateOnly", true));
  assert.equal(changesOf(other, quick), ["“Train the gate alone”", "“Rounds at most” 7"]);
  assert.equal(changesOf(quick, other), ["no “Train the gate alone”", "“Rounds at most” 150"]);
  assert.equal(changesOf(parseConfig({ ...quick, methods: { ifca: {} } }), quick), ["beside ifca"]);
});

test("a plane with ghosts has room for all of them, and is never smaller than without", () => {
  const percent = fc.double({ min: 0, max: 100, noNaN: true });
  const range = fc.tuple(percent, percent).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as [number, number]);
  const ghost = fc
    .record({ localTest: percent, globalTest: percent })
    .map((mixture) => ({ number: 1, name: "", reached: { mixture } }));
  fc.assert(
    fc.property(fc.record({ x: range, y: range }), fc.array(ghost, { maxLength: 4 }), (domain, ghosts) => {
      const { x, y } = around(domain, ghosts);
      assert.ok(x[0] >= 0 && x[0] <= domain.x[0] && x[1] <= 100 && x[1] >= domain.x[1]);
      assert.ok(y[0] >= 0 && y[0] <= domain.y[0] && y[1] <= 100 && y[1] >= domain.y[1]);
      for (const { reached } of ghosts) {
        const { localTest, globalTest } = reached.mixture;
        assert.ok(x[0] <= localTest && localTest <= x[1] && y[0] <= globalTest && globalTest <= y[1]);
      }
    }),
  );
});

test.run();
