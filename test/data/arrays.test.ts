import { type Arrays, fromArrays } from "../../src/data/arrays.ts";
import type { ImageDataset } from "../../src/data/dataset.ts";
import { assert, test } from "../support/suite.ts";

const good: Arrays = { x: Uint8Array.from({ length: 8 }, (_, i) => i), labels: [1, 0] };

function make(train: Arrays, held: Arrays = good): ImageDataset {
  return fromArrays({ name: "tiny", classes: ["a", "b"], shape: [1, 2, 2], train, test: held });
}

test("arrays in memory become a dataset", () => {
  const { train, normalization, kind } = make(good);
  assert.is(kind, "image");
  assert.is(train.rows, 2);
  assert.equal([...train.x], [...good.x]);
  assert.equal([...train.labels], [1, 0]);
  assert.equal(normalization, { mean: [0.5], std: [0.5] });
});

test("arrays that do not fit together are refused with their part and row", () => {
  assert.throws(() => make({ ...good, labels: [1] }), /train x, got 8 bytes, expected 1 labels x 1 x 2 x 2 = 4/);
  assert.throws(
    () => make({ ...good, labels: [0, 2] }),
    /train labels, got 2 in row 1, expected a class number from 0 to 1/,
  );
  assert.throws(() => make({ ...good, labels: [0.5, 0] }), /got 0.5 in row 0/);
  assert.throws(() => make(good, { x: new Uint8Array(0), labels: [] }), /test labels, got none/);
});

test.run();
