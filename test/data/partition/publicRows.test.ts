// Public rows are nobody's, even over classes, and refused with numbers where there are too few.
import fc from "fast-check";
import { publicRows } from "../../../src/data/index.ts";
import { key } from "../../../src/runtime/random.ts";
import { assert, suite } from "../../support/suite.ts";

const test = suite("public rows");

test("public rows are no client's, each once, of every class as many as of the others while there are some", () => {
  const world = fc.record({
    labels: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 60 }),
    owners: fc.array(fc.constantFrom("train", "validation", "test", "nobody"), { minLength: 60, maxLength: 60 }),
    rows: fc.integer({ min: 1, max: 40 }),
    pooled: fc.boolean(),
  });
  fc.assert(
    fc.property(world, ({ labels, owners, rows, pooled }) => {
      const of = (who: string): Int32Array =>
        Int32Array.from(labels.flatMap((_, row) => (owners[row] === who ? [row] : [])));
      const client = { train: of("train"), validation: of("validation"), test: of("test") };
      const free = labels.flatMap((_, row) =>
        owners[row] === "nobody" || (!pooled && owners[row] === "test") ? [row] : [],
      );
      const draw = (): Int32Array => publicRows([client], labels, { rows, pooled }, key(3));
      if (free.length < rows) {
        assert.throws(draw, new RegExp(`public: rows, got ${rows}, expected at most ${free.length}, as clients own`));
        return;
      }
      const found = Array.from(draw());
      assert.is(new Set(found).size, rows);
      assert.ok(found.every((row) => free.includes(row)));
      const counts = [0, 1, 2, 3].map((c) => found.filter((row) => labels[row] === c).length);
      const most = Math.max(...counts);
      // who has fewer than the most but one has none left
      counts.forEach((n, c) => assert.ok(n >= most - 1 || n === free.filter((row) => labels[row] === c).length));
    }),
  );
});

test.run();
