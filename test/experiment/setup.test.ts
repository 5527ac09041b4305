import { givePartition } from "../../src/data/index.ts";
import type { Config, PartitionConfig } from "../../src/experiment/index.ts";
import {
  drawPartition,
  evaluatedClients,
  override,
  parseConfig,
  partitionKinds,
  setUp,
} from "../../src/experiment/index.ts";
import { optedIn, setUpSteps } from "../../src/experiment/setup.ts";
import { disjoint } from "../support/labels.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { bundled, config, dataset, TEST_ROWS, TRAIN_ROWS } from "../support/tiny.ts";

const partitions: PartitionConfig[] = [
  { kind: "majority", p: 0.6, overlap: true },
  { kind: "majority", p: 1, overlap: false },
  { kind: "dirichlet-labels", alpha: 0.5 },
  { kind: "dirichlet-sizes", alpha: 1 },
  { kind: "iid" },
];

test("under every partition clients have rows of their own, of the sizes asked for", () => {
  for (const partition of partitions) {
    const { clients } = setUp({ ...config, partition }, dataset);
    assert.is(clients.length, 4);
    disjoint(
      clients.flatMap(({ rows }) => [rows.train, rows.validation]),
      TRAIN_ROWS,
    );
    for (const { rows } of clients) {
      if (partition.kind !== "dirichlet-sizes") assert.is(rows.train.length, 20);
      assert.is(rows.validation.length, 10);
    }
    assert.is(
      clients.reduce((n, { rows }) => n + rows.train.length, 0),
      80,
    );
  }
});

test("every kind of partition begins with fields that make one, by its name alone", () => {
  for (const [kind, { about, begins }] of Object.entries(partitionKinds)) {
    assert.ok(about.length > 0);
    const named = parseConfig(override(config, "partition.kind", kind));
    // a field that both kinds have stays as it was
    assert.equal(named.partition, { ...begins, ...(kind === config.partition.kind && config.partition) });
    // every fourth row is of one owner, for clients that the data name
    const owner = (rows: number) => Int32Array.from({ length: rows }, (_, row) => row % 4);
    const owners = { names: ["a", "b", "c", "d"], train: owner(TRAIN_ROWS), test: owner(TEST_ROWS) };
    const { clients } = setUp({ ...named, rows: { train: 5, validation: 3, test: 3 } }, { ...dataset, owners });
    assert.is(clients.length, 4);
    for (const { rows } of clients) assert.ok(rows.train.length > 0 && rows.validation.length > 0, kind);
    // clusters have all rows each, and here every client is one
    if (kind === "clusters") continue;
    disjoint(
      clients.flatMap(({ rows }) => [rows.train, rows.validation]),
      kind === "pfllib" ? TRAIN_ROWS + TEST_ROWS : TRAIN_ROWS,
    );
  }
});

test("every kind of partition rests between clients, with the numbers that it has in one go", () => {
  const many = 600;
  const rows = Array.from({ length: 6000 }, (_, row) => row);
  const owner = Int32Array.from(rows, (row) => row % many);
  const labels = Uint8Array.from(rows, (row) => (row * 7) % 10);
  const split = { x: new Uint8Array(6000 * 784), labels, rows: 6000 };
  const owners = { names: Array.from({ length: many }, (_, i) => `${i}`), train: owner, test: owner };
  const whole = { ...dataset, train: split, test: split, owners };
  const few = { train: 4, validation: 2, test: 2 };
  for (const kind of Object.keys(partitionKinds)) {
    // whose random cuts leave some with nothing
    const base = { ...config, clients: kind === "pfllib" ? 60 : many, rows: few };
    const named = parseConfig(override(base, "partition.kind", kind));
    const { partition } = named;
    // what cannot be for so many clients on so few rows, in its mildest form
    const mild: Partial<Record<string, object>> = {
      majority: { p: 0.2 },
      "dirichlet-shares": { alpha: 100, repair: "move" },
      "dirichlet-inner": { alpha: 100 },
      "dirichlet-extended": { alpha: 100, repair: "move" },
      pfllib: { split: "iid" },
      "niid-bench": { split: "iid" },
      quantity: { spread: 0.1 },
    };
    const asked = { ...named, partition: { ...partition, ...mild[kind] } as PartitionConfig };
    const steps = setUpSteps(asked, whole);
    let rests = 0;
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        assert.equal(value.clients, setUp(asked, whole).clients, kind);
        break;
      }
      rests++;
    }
    // twice in the clients themselves, at least as often in the law
    assert.ok(rests >= 4, `${kind}: ${rests}`);
  }
});

test("clients that the data name are those of the data, and some may be held out", () => {
  const owner = (rows: number) => Int32Array.from({ length: rows }, (_, row) => row % 5);
  const owners = { names: ["a", "b", "c", "d", "e"], train: owner(TRAIN_ROWS), test: owner(TEST_ROWS) };
  const named = { ...config, clients: 5, partition: { kind: "column", heldOut: ["c", "e"] } } as const;
  const { clients } = setUp(named, { ...dataset, owners });
  assert.equal(
    clients.map(({ rows, optedOut }) => [rows.name, optedOut]),
    [
      ["a", false],
      ["b", false],
      ["c", true],
      ["d", false],
      ["e", true],
    ],
  );
  clients.forEach(({ rows }, client) => {
    for (const row of [...rows.train, ...rows.validation, ...rows.test]) assert.is(row % 5, client);
  });
  refuses(() => setUp(named, dataset), /partition\.kind: got column, expected data that say whose a row is/);
});

test("a partition that is given gives the setup that it was taken from", () => {
  const skewed: Config = { ...config, partition: { kind: "dirichlet-labels", alpha: 1 } };
  const { partition: drawn } = drawPartition({ ...skewed, rows: { ...config.rows, test: 3 } }, dataset);
  const given = givePartition(drawn, dataset.train.labels, dataset.test.labels);
  const again = parseConfig(JSON.parse(JSON.stringify({ ...config, partition: { kind: "given", ...given } })));
  assert.equal(drawPartition(again, dataset).partition.clients, drawn.clients);
  refuses(() => setUp({ ...again, clients: 3 }, dataset), /clients: got 3, expected the 4 of the given partition/);
});

test("PFLlib's clients test on rows of a pool that nobody trains on, and a file of them is taken back", () => {
  const named = parseConfig(override(config, "partition.kind", "pfllib"));
  const { dataset: pool, clients } = setUp(named, dataset);
  assert.equal([pool.train.rows, pool.test.rows], [TRAIN_ROWS + TEST_ROWS, TRAIN_ROWS + TEST_ROWS]);
  assert.equal(pool.test.labels.slice(TRAIN_ROWS), dataset.test.labels);
  assert.equal(pool.train.x.slice(TRAIN_ROWS * 784), dataset.test.x);
  const lists = clients.flatMap(({ rows }) => [rows.train, rows.validation, rows.test]);
  disjoint(lists, TRAIN_ROWS + TEST_ROWS);
  assert.is(
    lists.reduce((sum, rows) => sum + rows.length, 0),
    TRAIN_ROWS + TEST_ROWS,
  );
  const tests = clients.flatMap(({ rows }) => [...rows.test]).toSorted((a, b) => a - b);
  for (const { globalTest } of clients) assert.equal([...globalTest], tests);
  const given = givePartition(drawPartition(named, dataset).partition, pool.train.labels, pool.test.labels);
  const again = parseConfig({ ...config, partition: { kind: "given", ...given, pooled: true } });
  assert.equal(
    setUp(again, dataset).clients.map(({ rows }) => rows),
    clients.map(({ rows }) => rows),
  );
  refuses(
    () => setUp({ ...again, partition: { kind: "given", ...given } }, dataset),
    /the file was made for other data/,
  );
});

test("hands are used up to the rows asked for, or whole, and those too small are named or mended", () => {
  const skewed = { kind: "quantity", law: "exponential", spread: 1 } as const;
  refuses(
    () => setUp({ ...config, clients: 12, partition: skewed }, dataset),
    /^partition: rows, got 0 for client 0, .* expected at least 3 each; take repair "move"/,
  );
  const moved = setUp({ ...config, clients: 12, partition: { ...skewed, repair: "move" } }, dataset).clients;
  for (const { rows } of moved) assert.ok(rows.train.length >= 1 && rows.train.length <= config.rows.train);
  const whole = setUp({ ...config, partition: { kind: "shards", shards: 2, all: true } }, dataset).clients;
  const used = whole.reduce((sum, { rows }) => sum + rows.train.length + rows.validation.length, 0);
  assert.is(used, TRAIN_ROWS);
});

test("a setup depends on its seed and on nothing else", () => {
  const first = setUp(config, dataset).clients;
  assert.equal(setUp(config, dataset).clients, first);
  assert.not.equal(setUp({ ...config, seed: 6 }, dataset).clients, first);
  // nor does who owns what depend on how it is trained
  const other: Config = { ...config, federation: { ...config.federation, lr: 1, rounds: 9 }, fidelity: "paper" };
  assert.equal(setUp(other, dataset).clients, first);
});

test("a fraction of the clients opts out, and the others take part", () => {
  const setup = setUp({ ...config, optOut: 0.5 }, dataset);
  const inside = optedIn(setup);
  assert.is(inside.length, 2);
  assert.equal(
    setup.clients.flatMap(({ optedOut }, i) => (optedOut ? [] : [i])),
    inside,
  );
  // opting out changes nobody's rows
  assert.equal(
    setup.clients.map(({ rows }) => rows),
    setUp(config, dataset).clients.map(({ rows }) => rows),
  );
});

test("rows kept back are a client's own and not the federation's", () => {
  const { clients } = setUp({ ...config, ownRowsKeptBack: 0.25 }, dataset);
  for (const { rows, shared } of clients) {
    assert.is(shared.length, 15);
    assert.ok(shared.every((row) => rows.train.includes(row)));
    assert.is(new Set(shared).size, 15);
  }
  for (const { rows, shared } of setUp(config, dataset).clients) assert.equal([...shared], [...rows.train]);
});

test("the global test is all of the test split, or 1,000 rows of it drawn for each client", () => {
  const { clients } = setUp(config, dataset);
  assert.equal(
    Array.from(clients[0]!.globalTest),
    Array.from({ length: dataset.test.rows }, (_, i) => i),
  );
  const authors = setUp({ ...config, fidelity: "authors-code" }, bundled).clients.map(({ globalTest }) => globalTest);
  for (const rows of authors) {
    assert.equal([rows.length, new Set(rows).size], [1000, 1000]);
    assert.ok(rows.every((row) => row < bundled.test.rows));
  }
  assert.not.equal(Array.from(authors[0]!), Array.from(authors[1]!));
  // where there are not as many, all of them
  assert.is(setUp({ ...config, fidelity: "authors-code" }, dataset).clients[0]!.globalTest.length, TEST_ROWS);
});

test("evaluated clients are drawn from all, ascending and distinct, and are all of them where as many are asked for", () => {
  assert.is(evaluatedClients(config).length, 3);
  assert.equal(evaluatedClients({ ...config, personal: { ...config.personal, clients: 9 } }), [0, 1, 2, 3]);
  const seen = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const drawn = evaluatedClients({ ...config, seed });
    assert.equal(
      drawn,
      [...new Set(drawn)].toSorted((a, b) => a - b),
    );
    seen.add(drawn.join());
  }
  assert.is(seen.size, 4, "in time every choice of three of four");
});

test("more opt-out than the cohort allows is one clear error", () => {
  refuses(
    () => setUp({ ...config, optOut: 0.75 }, dataset),
    "config: 1 of 4 clients opt in, but federation.cohort is 2; lower the opt-out or the cohort",
  );
  refuses(() => setUp({ ...config, optOut: 1 }, dataset), /^config: 0 of 4 clients opt in/);
});

test("data that do not suffice are one clear error", () => {
  refuses(() => setUp({ ...config, clients: 100 }, dataset), /rows of the train split, got 600, expected 3000/);
  refuses(() => setUp({ ...config, rows: { ...config.rows, test: TEST_ROWS + 1 } }, dataset), /got 60, expected 61/);
  refuses(
    () => setUp({ ...config, clients: 6, partition: { kind: "majority", p: 0.6, overlap: false } }, dataset),
    /clients, got 6, expected at most 5 without overlap/,
  );
});

test.run();
