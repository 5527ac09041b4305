import { fromFeatures, fromTexts, pooled } from "../../src/data/index.ts";
import { assert, test } from "../support/suite.ts";

test("both splits become one, training rows first, owners and texts with them", () => {
  const part = (x: number[], labels: number[], owners: string[]) => ({ x, labels, owners });
  const table = fromFeatures({
    name: "n",
    classes: ["a", "b"],
    shape: [2],
    train: part([1, 2, 3, 4], [0, 1], ["p", "q"]),
    test: part([5, 6], [1], ["q"]),
  });
  const all = pooled(table);
  assert.equal(all.train, { x: Float32Array.of(1, 2, 3, 4, 5, 6), labels: Uint8Array.of(0, 1, 1), rows: 3 });
  assert.is(all.test, all.train);
  assert.equal(all.owners, { names: ["p", "q"], train: Int32Array.of(0, 1, 1), test: Int32Array.of(0, 1, 1) });

  const split = (texts: string[]) => ({ texts, labels: texts.map(() => 0) });
  const texts = fromTexts({
    name: "n",
    classes: ["a"],
    train: split(["one two", "", "three"]),
    test: split(["two", "one"]),
  });
  const { train: both } = pooled(texts);
  const row = (r: number) =>
    Array.from(both.words.subarray(both.offsets[r], both.offsets[r + 1]), (word) => texts.vocabulary[word]);
  assert.equal([0, 1, 2, 3, 4].map(row), [["one", "two"], [], ["three"], ["two"], ["one"]]);
  assert.is(both.rows, 5);
});

test.run();
