// The partitions of PFLlib and of Flower's niid_bench, row for row: against NumPy on labels that anybody can make, and against
// the published ones where the whole of Fashion-MNIST is at hand.
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import {
  findDataset,
  type Labels,
  loadFashionMnist,
  niidBench,
  type NiidBenchOptions,
  pfllib,
  type PfllibOptions,
} from "../../../src/data/index.ts";
import { pairwiseSum } from "../../../src/data/partition/numpy/arrays.ts";
import { NumpyGenerator } from "../../../src/data/partition/numpy/generator.ts";
import { LegacyRandom } from "../../../src/data/partition/numpy/legacy.ts";
import { Sha256 } from "../../../src/io/hash.ts";
import { golden } from "../../support/golden.ts";
import { disjoint, histogram, labelsOf } from "../../support/labels.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

type Case = { readonly sizes: number[]; readonly sha256: string } & (
  | { readonly tool: "pfllib"; readonly options: PfllibOptions }
  | { readonly tool: "niid_bench"; readonly options: NiidBenchOptions }
);

function rowsOf({ tool, options }: Case, train: Labels, pool: Labels): readonly Int32Array[] {
  if (tool === "niid_bench") return niidBench(train, options).rows;
  return pfllib(pool, options).flatMap(({ train, test }) => [train, test]);
}

function check(one: Case, train: Labels, pool: Labels): void {
  const rows = rowsOf(one, train, pool);
  const what = `${one.tool} ${JSON.stringify(one.options)}`;
  assert.equal(
    rows.map((list) => list.length),
    one.sizes,
    what,
  );
  const hash = new Sha256();
  for (const { buffer, byteOffset, byteLength } of rows) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  assert.is(hash.hex(), one.sha256, what);
}

const cases = golden<(Case & { rows: number; classes: number })[]>(new URL("golden/numpy.json", import.meta.url));

test("every row is where NumPy puts it, in its order", () => {
  for (const one of cases) {
    const labels = Uint8Array.from(
      { length: one.rows },
      (_, i) => (7 * i + Math.floor(i / 13) + Math.floor((i * i) / 100)) % one.classes,
    );
    check(one, labels, labels);
  }
});

test("first draws are NumPy's", () => {
  const old = new LegacyRandom(1);
  assert.equal([old.double(), old.double()], [0.417022004702574, 0.7203244934421581]);
  assert.equal([...old.shuffle(Int32Array.from({ length: 10 }, (_, i) => i))], [2, 3, 4, 8, 1, 6, 0, 7, 5, 9]);
  const made = new NumpyGenerator(42);
  assert.equal([made.double(), made.double(), made.upTo(9)], [0.7739560485559633, 0.4388784397520523, 4]);
  const five = [
    0.2807175565174809, 0.4467379095973975, 0.0030948268781713236, 0.2637226152758325, 0.005727091731117517,
  ];
  near(new NumpyGenerator(42).dirichlet(0.5, 5), five, 1e-14);
  assert.equal([...new NumpyGenerator(42).all(12)], [2, 5, 9, 1, 4, 0, 3, 10, 6, 7, 8, 11]);
});

test("sums go as NumPy's do, whatever their length", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 600 }), (values) => {
      const sum = pairwiseSum(Float64Array.from(values));
      near([sum], [values.reduce((a, b) => a + b, 0)], 1e-12);
    }),
  );
  // the order can be seen: eight times ones swallowed by a large one are not where they are summed aside
  const values = Float64Array.from({ length: 16 }, (_, i) => (i === 0 ? 2 ** 53 : 1));
  assert.is(pairwiseSum(values), 2 ** 53 + 14);
});

const folder = process.env["MOIETY_DATA"] ?? "";
const here = {
  where: folder,
  read: async (name: string) => (existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`) : undefined),
};
const found = folder && (await findDataset("fashion-mnist", [here]).catch(() => undefined));

if (!found || !found.complete)
  console.log("skipped: MOIETY_DATA names no folder with the whole of Fashion-MNIST, for the published partitions");
else
  test("the published partitions of Fashion-MNIST have the rows that those libraries print", async () => {
    const { train, test: held } = await loadFashionMnist(here);
    const pool = Uint8Array.from([...train.labels, ...held.labels]);
    for (const one of golden<Case[]>(new URL("golden/fashion-mnist.json", import.meta.url)))
      check(one, train.labels, pool);
  });

test("whatever is asked, all rows are dealt or one message says why not", () => {
  let [made, refused] = [0, 0];
  const options = fc.record({
    clients: fc.integer({ min: 1, max: 15 }),
    seed: fc.nat(4294967295),
    alpha: fc.constantFrom(0.1, 0.5, 1),
    classes: fc.integer({ min: 1, max: 5 }),
    split: fc.constantFrom("dir" as const, "pat" as const, "iid" as const),
    balance: fc.boolean(),
  });
  fc.assert(
    fc.property(options, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 }), (options, classes, each) => {
      const labels = labelsOf(classes, each);
      const { split } = options;
      const other = split === "dir" ? "dirichlet" : split === "pat" ? "label-quantity" : "iid";
      for (const make of [
        () => pfllib(labels, options).map(({ train, test }) => Int32Array.of(...train, ...test)),
        () => niidBench(labels, { ...options, split: other }).rows,
      ]) {
        let rows;
        try {
          rows = make();
        } catch (reason) {
          refused++;
          assert.instance(reason, RangeError);
          assert.match((reason as Error).message, /^(pfllib|niidBench): .*, got .*, expected/);
          continue;
        }
        made++;
        assert.is(rows.length, options.clients);
        disjoint(rows, labels.length);
        const dealt = rows.reduce((sum, own) => sum + own.length, 0);
        const all = Array.from({ length: classes }, (_, c) =>
          rows.some((own) => histogram(own, labels, classes)[c]! > 0),
        );
        assert.is(dealt, all.filter(Boolean).length * each);
        if (split !== "pat") assert.ok(all.every(Boolean));
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(made > 40 && refused > 20, `${made} made, ${refused} refused`);
});

test("what NumPy draws in other ways is refused rather than approximated", () => {
  const labels = labelsOf(10, 50);
  refuses(
    () => niidBench(labels, { clients: 5, split: "dirichlet", alpha: 0.05 }),
    "niidBench: alpha, got 0.05, expected a number from 0.1 to 1, for which its draws are repeated; dirichletHands takes any",
  );
  refuses(
    () => pfllib(labels, { clients: 5, split: "dir", alpha: 2 }),
    /pfllib: alpha, got 2, expected a number from 0\.001/,
  );
  for (const seed of [-1, 2 ** 32, 0.5, NaN]) {
    refuses(() => pfllib(labels, { clients: 5, split: "dir", seed }), /numpy: seed, got \S+, expected a whole number/);
    refuses(
      () => niidBench(labels, { clients: 5, split: "iid", seed }),
      /numpy: seed, got \S+, expected a whole number/,
    );
  }
});

test.run();
