import fc from "fast-check";
import { placeLabels, placeNotes, spread, spreadWithin } from "../../src/report/labels.ts";
import { assert, test } from "../support/suite.ts";

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const positions = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 12 });

test("spread positions keep their order, their distance and their middle", () => {
  fc.assert(
    fc.property(positions, fc.integer({ min: 1, max: 40 }), (wanted, gap) => {
      const placed = spread(wanted, gap);
      const order = wanted.map((_, i) => i).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
      for (let i = 1; i < order.length; i++) {
        const distance = (placed[order[i] ?? 0] ?? NaN) - (placed[order[i - 1] ?? 0] ?? NaN);
        assert.ok(distance >= gap - 1e-9, `${distance}`);
      }
      assert.ok(Math.abs(sum(placed) - sum(wanted)) < 1e-6);
    }),
  );
});

test("positions that are far enough apart stay where they are", () => {
  assert.equal(spread([40, 0, 20], 15), [40, 0, 20]);
});

test("positions that collide share the way", () => {
  assert.equal(spread([10, 10, 100], 20), [0, 20, 100]);
});

test("positions within bounds stay there, in order and as far apart as there is room for", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 350 }), { minLength: 1, maxLength: 40 }), (wanted) => {
      const placed = spreadWithin(wanted, 15, 0, 300).toSorted((a, b) => a - b);
      const least = Math.min(15, 300 / Math.max(1, wanted.length - 1));
      assert.ok(placed[0]! >= -1e-9 && placed.at(-1)! <= 300 + 1e-9);
      for (let i = 1; i < placed.length; i++) assert.ok(placed[i]! - placed[i - 1]! >= least - 1e-9);
    }),
  );
  assert.equal(spreadWithin([40, 0, 20], 15, 0, 300), [40, 0, 20]);
});

const whole = { left: 0, right: 300, top: 0, bottom: 300 };

test("a label without room on the right stands on the left", () => {
  const labels = [
    { text: "Mixture", color: "red", x: 290, y: 50, reach: 6 },
    { text: "Local", color: "blue", x: 20, y: 52, reach: 6 },
  ];
  const placed = placeLabels(labels, whole);
  assert.is(placed.find(({ text }) => text === "Mixture")?.anchor, "end");
  assert.is(placed.find(({ text }) => text === "Local")?.anchor, "start");
  assert.ok(placed.every(({ y, labelY }) => y === labelY));
});

test("labels in one place move apart", () => {
  const label = { color: "red", x: 50, y: 50, reach: 6 };
  const placed = placeLabels([{ ...label, text: "Mixture" }, { ...label, text: "Local" }], whole); // prettier-ignore
  assert.ok(Math.abs((placed[0]?.labelY ?? 0) - (placed[1]?.labelY ?? 0)) >= 15);
});

test("notes cover neither each other nor a point", () => {
  const point = fc.record({ x: fc.integer({ min: 0, max: 120 }), y: fc.integer({ min: 0, max: 120 }) });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 12 }), (points) => {
      const placed = placeNotes(points.map(({ x, y }) => ({ x, y, text: "0.6" })));
      for (const [i, { labelX, labelY }] of placed.entries()) {
        for (const { x, y } of points) assert.ok(Math.abs(x - labelX) >= 9 || Math.abs(y - labelY) >= 5);
        for (const other of placed.slice(0, i)) {
          assert.ok(Math.abs(other.labelX - labelX) >= 19 || Math.abs(other.labelY - labelY) >= 11);
        }
      }
    }),
  );
});

test("a lonely note always finds a place", () => {
  assert.equal(
    placeNotes([{ x: 10, y: 10, text: "1" }]).map(({ labelX, labelY }) => [labelX, labelY]),
    [[10, -2.5]],
  );
});

test.run();
