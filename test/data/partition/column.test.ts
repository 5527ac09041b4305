// Real clients: owners that the data name, and partitions that a file gives.
import fc from "fast-check";
import {
  column,
  dirichletHands,
  fromArrays,
  fromFeatures,
  fromTexts,
  givePartition,
  type GivenPartition,
  loadOwn,
  loadTable,
  memorySource,
  part,
  takePartition,
} from "../../../src/data/index.ts";
import { ownersOf } from "../../../src/data/owners.ts";
import { encodeNpy } from "../../../src/io/npy.ts";
import { key } from "../../../src/runtime/random.ts";
import { disjoint, labelsOf } from "../../support/labels.ts";
import { refuses } from "../../support/refuses.ts";
import { rejects } from "../../support/rejects.ts";
import { assert, test } from "../../support/suite.ts";

const name = fc.oneof(fc.constantFrom("ann", "bob", "cy", "10", "9", "1e1"), fc.nat(9));
const split = fc.array(name, { minLength: 1, maxLength: 60 });

test("owners are numbered in the order of their names, the same for both splits and any order of rows", () => {
  fc.assert(
    fc.property(split, split, (train, held) => {
      const owners = ownersOf("op", { owners: train, rows: train.length }, { owners: held, rows: held.length })!;
      assert.equal(
        Array.from(owners.train, (owner) => owners.names[owner]),
        train.map(String),
      );
      assert.equal(
        Array.from(owners.test, (owner) => owners.names[owner]),
        held.map(String),
      );
      assert.is(new Set(owners.names).size, owners.names.length);
      const back = { owners: held.toReversed(), rows: held.length };
      assert.equal(ownersOf("op", { owners: train.toReversed(), rows: train.length }, back)!.names, owners.names);
    }),
  );
  const names = (...owners: (string | number)[]) =>
    ownersOf("op", { owners, rows: owners.length }, { owners: [], rows: 0 })!.names;
  assert.equal(names(10, 9, 1), ["1", "9", "10"]);
  assert.equal(names("b", "10", "9"), ["10", "9", "b"]);
  assert.is(ownersOf("op", { rows: 1 }, { rows: 1 }), undefined);
  refuses(
    () => ownersOf("op", { owners: ["a"], rows: 1 }, { rows: 2 }),
    "op: test owners, got none, expected 2, one for each row",
  );
  refuses(() => ownersOf("op", { owners: ["a"], rows: 2 }, { owners: [], rows: 0 }), /train owners, got 1, expected 2/);
});

const options = fc.record(
  {
    clients: fc.integer({ min: 1, max: 5 }),
    rows: fc.record({ train: fc.integer({ min: 1, max: 9 }), validation: fc.nat(5), test: fc.nat(5) }),
    all: fc.boolean(),
    repair: fc.constantFrom("refuse" as const, "drop" as const),
    minimum: fc.record({ train: fc.integer({ min: 1, max: 5 }), test: fc.nat(3) }, { requiredKeys: [] }),
    heldOut: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ["clients", "rows"] },
);

const many = fc.array(fc.constantFrom("ann", "bob", "cy", "10"), { minLength: 8, maxLength: 60 });

test("every client has its own rows alone, at least the minimum, or the owners that lack some are named", () => {
  let [made, refused, dropped] = [0, 0, 0];
  fc.assert(
    fc.property(many, many, options, fc.nat(), (train, held, options, seed) => {
      const owners = ownersOf("op", { owners: train, rows: train.length }, { owners: held, rows: held.length })!;
      let parted;
      try {
        parted = column(owners, options, key(seed));
      } catch (reason) {
        refused++;
        assert.instance(reason, RangeError);
        assert.match((reason as Error).message, /^column: (rows|clients), got .*, expected at .*; .*lower/);
        return;
      }
      made++;
      const { clients, heldOut } = parted;
      if (clients.length < owners.names.length) dropped++;
      assert.is(clients.length, options.clients);
      const { rows, all = false, minimum = {} } = options;
      const order = clients.map(({ name }) => owners.names.indexOf(name!));
      assert.equal(
        order,
        order.toSorted((a, b) => a - b),
      );
      for (const client of clients) {
        for (const row of [...client.train, ...client.validation]) assert.is(String(train[row]), client.name);
        for (const row of client.test) assert.is(String(held[row]), client.name);
        const has = [train, held].map((all) => all.filter((name) => String(name) === client.name).length);
        const used = client.train.length + client.validation.length;
        assert.is(used, all ? has[0] : Math.min(has[0]!, rows.train + rows.validation));
        assert.is(client.test.length, all ? has[1] : Math.min(has[1]!, rows.test));
        assert.ok(client.train.length >= (minimum.train ?? 1));
        assert.ok(client.validation.length >= Math.min(1, rows.validation));
        assert.ok(client.test.length >= (minimum.test ?? Math.min(1, rows.test)));
        disjoint([client.train, client.validation], train.length);
        disjoint([client.test], held.length);
      }
      assert.is(heldOut!.length, Math.floor((options.heldOut ?? 0) * clients.length + 1e-9));
      assert.equal(column(owners, options, key(seed)), parted);
    }),
    { numRuns: 600 },
  );
  assert.ok(made > 40 && refused > 40 && dropped > 5, `${made} made, ${refused} refused, ${dropped} dropped`);
});

const owned = ["a", "a", "a", "b", "b", "b", "c"];
const owners = ownersOf("op", { owners: owned, rows: 7 }, { owners: ["a", "b", "a"], rows: 3 })!;
const rows = { train: 2, validation: 1, test: 1 };

test("what is dropped, held out or too many is said by name", () => {
  refuses(
    () => column(owners, { clients: 2, rows }, key(1)),
    'column: rows, got c with 1, 0 and 0, expected at least 1, 1 and 1 for training, validation and test; take repair "drop", or lower minimum',
  );
  const { clients, heldOut } = column(owners, { clients: 2, rows, repair: "drop", heldOut: ["b"] }, key(1));
  assert.equal([clients.map(({ name }) => name), heldOut], [["a", "b"], [1]]);
  refuses(
    () => column(owners, { clients: 3, rows, repair: "drop" }, key(1)),
    /clients, got 3, expected at most 2, as there are 3 owners of rows and 1 of them have too few/,
  );
  refuses(
    () => column(owners, { clients: 2, rows, repair: "drop", heldOut: ["c"] }, key(1)),
    /heldOut, got c, expected/,
  );
  refuses(() => column(owners, { clients: 2, rows, repair: "drop", heldOut: 2 }, key(1)), /heldOut, got 2, expected/);
});

test("data in memory may say whose a row is", () => {
  const some = (labels: number[], owners: string[]) => ({ x: new Uint8Array(labels.length), labels, owners });
  const [train, held] = [some([0, 1], ["z", "a"]), some([1], ["z"])];
  const classes = ["0", "1"];
  const names = [
    fromArrays({ name: "", classes, shape: [1, 1, 1], train, test: held }),
    fromFeatures({ name: "", classes, shape: [1], train, test: held }),
    fromTexts({ name: "", classes, train: { ...train, texts: ["", ""] }, test: { ...held, texts: [""] } }),
  ].map(({ owners }) => owners);
  for (const found of names)
    assert.equal(found, { names: ["a", "z"], train: Int32Array.of(1, 0), test: Int32Array.of(1) });
});

const bytes = (...lines: string[]): Uint8Array => new TextEncoder().encode(lines.join("\n"));
const table = (train: string, files: Record<string, Uint8Array>, more: object = {}) =>
  loadTable(memorySource(files), { name: "x", train, label: "y", standardize: false, ...more });

test("a column, a file for each and a folder for each say the same", async () => {
  const ann = ["p,y", "1,a", "2,b", "3,a", "4,b", "5,a", "6,b"];
  const bob = ["p,y", "7,a", "8,b"];
  const files = {
    "d/ann.csv": bytes(...ann),
    "d/bob.csv": bytes(...bob),
    "d/ann/t.csv": bytes(...ann),
    "d/bob/t.csv": bytes(...bob),
  };
  const owner = (rows: string[], who: string) => rows.slice(1).map((row) => `${who},${row}`);
  const one = { "all.csv": bytes("who,p,y", ...owner(ann, "ann"), ...owner(bob, "bob")) };
  const found = [
    await table("all.csv", one, { client: "who" }),
    await table("d/*.csv", files),
    await table("d/*/t.csv", files),
  ];
  assert.equal(found[1], found[0]);
  assert.equal(found[2], found[0]);
  const { owners, train, test: held } = found[0]!;
  // a fifth of each client, rounded up, and one of two
  assert.equal([owners!.names, train.rows, held.rows], [["ann", "bob"], 5, 3]);
  const whose = (values: Float32Array, of: Int32Array) =>
    Array.from(values, (value, i) => [value <= 6 ? "ann" : "bob", owners!.names[of[i]!]]);
  for (const [should, is] of [...whose(train.x, owners!.train), ...whose(held.x, owners!.test)]) assert.is(is, should);
});

test("what does not fit between the files of clients is refused by file and line", async () => {
  const good = bytes("p,y", "1,a", "2,b");
  await rejects(
    () => table("*.csv", { "a.csv": good, "b.csv": bytes("q,y", "1,a") }),
    /b\.csv, line 1, got columns q, expected p as in memory\/a\.csv, line 1/,
  );
  await rejects(
    () => table("*.csv", { "a.csv": good, "b.csv": bytes("p,y", "1,a", "x,a") }),
    /b\.csv, line 3, column p, got "x"/,
  );
  await rejects(() => table("*.csv", {}), /got no \*\.csv; give the folder that holds them/);
  await rejects(() => table("*/*.csv", { "a/b.csv": good }), /expected one \* at most/);
  await rejects(
    () => table("a.csv", { "a.csv": bytes("w,p,y", "ann,1,a", ",2,b") }, { client: "w" }),
    /line 3, got no client in column w/,
  );
  await rejects(() => table("a.csv", { "a.csv": good }, { client: "w" }), /got columns p, y, expected one called w/);
  // a class that a client's test file has and no training file
  const tests = { "a/x.csv": good, "a/e.csv": bytes("p,y", "1,a", "2,c") };
  await rejects(() => table("*/x.csv", tests, { test: "*/e.csv" }), /a\/e\.csv, line 3, got class "c"/);
});

test("npy has an array of owners for each split", async () => {
  const x = encodeNpy({ shape: [3, 1], data: Float32Array.of(1, 2, 3) });
  const y = encodeNpy({ shape: [3], data: Int32Array.of(0, 1, 0) });
  const ids = encodeNpy({ shape: [3], data: BigInt64Array.of(10n, 9n, 10n) });
  const files = {
    "x_train.npy": x,
    "y_train.npy": y,
    "x_test.npy": x,
    "y_test.npy": y,
    "w_train.npy": ids,
    "w_test.npy": ids,
  };
  const load = (more: object = {}) => loadOwn("n", memorySource({ ...files, ...more }), { kind: "npy", client: "w" });
  assert.equal((await load()).owners, {
    names: ["9", "10"],
    train: Int32Array.of(1, 0, 1),
    test: Int32Array.of(1, 0, 1),
  });
  await rejects(
    () => load({ "w_test.npy": encodeNpy({ shape: [2], data: Int32Array.of(1, 2) }) }),
    /w_test\.npy, got \[2\], expected \[3\]/,
  );
  await rejects(() => loadOwn("n", memorySource(files), { kind: "npy", client: "v" }), /got no v_train\.npy/);
});

const labels = labelsOf(3, 40);

test("a partition that was written is taken back, through JSON, as it was", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), (clients, seed) => {
      const hands = dirichletHands(labels, { clients, alpha: 5 }, key(seed));
      const made = part(
        hands,
        labels,
        labels,
        { rows: { train: 5, validation: 2, test: 4 }, repair: "move" },
        key(seed),
      );
      const file = JSON.parse(
        JSON.stringify(givePartition({ ...made, heldOut: [0] }, labels, labels)),
      ) as GivenPartition;
      const { clients: back, heldOut } = takePartition(file, labels, labels);
      assert.equal([back, heldOut], [made.clients, [0]]);
    }),
  );
});

test("a file for other data, or with rows that cannot be, is refused by client", () => {
  const file = (change: object, more: object = {}): GivenPartition => ({
    clients: [
      { train: [0], validation: [1], test: [0] },
      { train: [2, 3], validation: [4], test: [0], ...change },
    ],
    ...more,
  });
  const take = (given: GivenPartition) => () => takePartition(given, labels, labels);
  assert.is(take(file({ train: [0, 1] }))().clients.length, 2);
  for (const row of [-1, 0.5, 120, NaN, 1e300])
    refuses(
      take(file({ train: [row] })),
      /^partition: train of client 1, got row \S+, expected 0 to 119; was the file made/,
    );
  refuses(take(file({ train: [5, 5] })), "partition: train of client 1, got row 5 twice, expected it once");
  refuses(take(file({ validation: [3] })), "partition: validation of client 1, got row 3 twice, expected it once");
  for (const part of ["train", "validation", "test"])
    refuses(take(file({ [part]: [] })), `partition: ${part} of client 1, got no rows, expected one at least`);
  refuses(take(file({}, { labels: "0".repeat(64) })), /expected 000000000000; the file was made for other data/);
  refuses(take(file({}, { heldOut: [2] })), /heldOut, got client 2, expected 0 to 1/);
});

test.run();
