// What is no class number is refused with its row at every door, however large or odd it is, and at once.
import fc from "fast-check";
import {
  dirichletLabels,
  dirichletShares,
  formatIdx,
  fromArrays,
  fromFeatures,
  fromTexts,
  loadOwn,
  majority,
  memorySource,
} from "../../src/data/index.ts";
import { encodeNpy } from "../../src/io/npy.ts";
import { key } from "../../src/runtime/random.ts";
import { refuses } from "../support/refuses.ts";
import { rejects } from "../support/rejects.ts";
import { assert, test } from "../support/suite.ts";

const odd = fc.oneof(
  fc.constantFrom(-1, 0.5, NaN, Infinity, -Infinity, 256, 5e7, 5e8, 2 ** 31, 2 ** 32 - 1, 2 ** 53, -(2 ** 31)),
  fc.integer({ min: 256 }),
  fc.integer({ max: -1 }),
);
const classes = ["a", "b"];

test("in memory", () => {
  fc.assert(
    fc.property(odd, fc.nat(3), (bad, row) => {
      const labels = Array.from({ length: 4 }, (_, i) => (i === row ? bad : i % 2));
      const message = new RegExp(
        `train labels, got ${String(bad).replace("+", "\\+")} in row ${row}, expected a class`,
      );
      const good = { labels: [0] };
      const x = new Uint8Array(4);
      const one = { ...good, x: new Uint8Array(1) };
      refuses(() => fromArrays({ name: "", classes, shape: [1, 1, 1], train: { x, labels }, test: one }), message);
      refuses(() => fromFeatures({ name: "", classes, shape: [1], train: { x, labels }, test: one }), message);
      const texts = { texts: ["", "", "", ""], labels };
      refuses(() => fromTexts({ name: "", classes, train: texts, test: { ...good, texts: [""] } }), message);
      if (Number.isInteger(bad) && bad >= 0 && bad < 65_536) return;
      const sizes = { clients: 1, trainRows: 1, validationRows: 0, testRows: 1 };
      const shares = { clients: 1, alpha: 1, minimumRows: 1, validationShare: 0, testRows: 1 };
      refuses(() => dirichletLabels(labels, [0], { ...sizes, alpha: 1 }, key(1)), message);
      refuses(() => dirichletShares(labels, [0], shares, key(1)), message);
      refuses(() => majority(labels, [0], { ...sizes, p: 1 }, key(1)), message);
    }),
  );
});

test("in npy files of any type", async () => {
  const arrays = [Float32Array, Float64Array, Int32Array, Uint32Array, Int16Array, Uint16Array] as const;
  await fc.assert(
    fc.asyncProperty(odd, fc.constantFrom(...arrays), fc.nat(1), async (bad, Kind, row) => {
      const data = Kind.of(0, 0);
      data[row] = bad;
      fc.pre(!(Number.isInteger(data[row]) && data[row] >= 0 && data[row] < 256));
      const x = encodeNpy({ shape: [2, 1], data: Float32Array.of(1, 2) });
      const y = encodeNpy({ shape: [2], data });
      const good = encodeNpy({ shape: [2], data: Int32Array.of(0, 1) });
      const files = { "x_train.npy": x, "y_train.npy": y, "x_test.npy": x, "y_test.npy": good };
      const start = performance.now();
      await rejects(() => loadOwn("n", memorySource(files), { kind: "npy" }), /y_train\.npy, got \S+ in row [01], /);
      assert.ok(performance.now() - start < 500);
    }),
  );
});

test("images of another shape, of none, or more or fewer than labels are refused, whatever their size in all", async () => {
  const side = fc.nat(4);
  const files = fc.record({ rows: fc.nat(4), height: side, width: side });
  const image = ({ rows, height, width }: { rows: number; height: number; width: number }): Uint8Array =>
    formatIdx({ shape: [rows, height, width], data: new Uint8Array(rows * height * width) });
  await fc.assert(
    fc.asyncProperty(files, files, fc.nat(4), async (train, held, marks) => {
      const labels = (rows: number) => formatIdx({ shape: [rows], data: new Uint8Array(rows) });
      const source = memorySource({ a: image(train), b: labels(train.rows), c: image(held), d: labels(marks) });
      const own = { kind: "idx", train: ["a", "b"], test: ["c", "d"] } as const;
      const fits =
        held.height === train.height &&
        held.width === train.width &&
        [train.rows, held.rows, held.height, held.width].every((n) => n > 0) &&
        held.rows === marks;
      if (!fits) return rejects(() => loadOwn("n", source, own), /^(idx|data): memory\/[acd]/);
      const { shape, train: a, test: c } = await loadOwn("n", source, own);
      assert.equal([shape, a.rows, c.rows], [[1, train.height, train.width], train.rows, held.rows]);
    }),
    { numRuns: 400 },
  );
});

test("a normalisation has one number above nothing for every channel", () => {
  const make = (normalization: { mean: number[]; std: number[] }) => {
    const part = { x: new Uint8Array(3), labels: [0] };
    return fromArrays({ name: "", classes, shape: [3, 1, 1], normalization, train: part, test: part });
  };
  refuses(() => make({ mean: [0.5], std: [0.5] }), /normalization\.mean, got 1 numbers, expected 3/);
  refuses(() => make({ mean: [0, 0, 0], std: [1, 1] }), /normalization\.std, got 2 numbers, expected 3/);
  for (const bad of [0, -1, NaN, Infinity])
    refuses(
      () => make({ mean: [0, 0, 0], std: [1, bad, 1] }),
      /normalization\.std, got \S+, expected a number above 0/,
    );
  refuses(() => make({ mean: [0, NaN, 0], std: [1, 1, 1] }), /normalization\.mean, got NaN/);
  assert.is(make({ mean: [0, 0, 0], std: [1, 1, 1] }).kind, "image");
});

test.run();
