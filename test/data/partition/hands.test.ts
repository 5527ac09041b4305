// The laws that deal out all rows: each keeps its promises or is refused with one message that says what to change.
import fc from "fast-check";
import {
  dirichletHands,
  extendedDirichlet,
  type Hands,
  innerDirichlet,
  labelQuantity,
  part,
  pathological,
  quantity,
  shards,
  sizesBy,
} from "../../../src/data/index.ts";
import { apportion } from "../../../src/data/partition/apportion.ts";
import { type Choice, holders } from "../../../src/data/partition/holders.ts";
import { key, Stream } from "../../../src/runtime/random.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { disjoint, histogram, labelsOf } from "../../support/labels.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

/** Labels in any order and any numbers of each, a class or more without rows among them. */
const labels = fc
  .array(fc.nat(40), { minLength: 1, maxLength: 7 })
  .filter((counts) => counts.some((n) => n > 0))
  .chain((counts) =>
    fc.nat().map((seed) => {
      const rows = Uint8Array.from(counts.flatMap((n, c) => Array.from({ length: n }, () => c)));
      const order = new Stream(key(seed)).choose(rows.length, rows.length);
      return rows.map((_, i) => rows[order[i]!]!);
    }),
  );
const clients = fc.integer({ min: 1, max: 12 });
const few = fc.integer({ min: 1, max: 4 });
const alpha = fc.constantFrom(1e-4, 0.01, 0.1, 0.5, 1, 10, 1e4);
const seed = fc.nat();
const said = /^[a-zA-Z]+: .*, got .*, expected .*/;

/** What a law deals; undefined where it was refused, in words that say why. */
function dealt(law: () => Hands): Hands | undefined {
  try {
    return law();
  } catch (reason) {
    assert.instance(reason, RangeError);
    assert.match((reason as Error).message, said);
    return undefined;
  }
}

function whole(hands: Hands, train: Uint8Array, clients: number): void {
  assert.is(hands.rows.length, clients);
  disjoint(hands.rows, train.length);
  const total = hands.rows.reduce((sum, rows) => sum + rows.length, 0);
  assert.is(total, train.length);
}

test("shards are of one class or neighbours, as many for each client, and all alike to a row", () => {
  fc.assert(
    fc.property(labels, clients, few, seed, (train, clients, pieces, seed) => {
      const hands = dealt(() => shards(train, { clients, shards: pieces }, key(seed)));
      assert.is(hands === undefined, clients * pieces > train.length);
      if (!hands) return;
      whole(hands, train, clients);
      const least = Math.floor(train.length / (clients * pieces));
      for (const rows of hands.rows) {
        assert.ok(rows.length >= least * pieces && rows.length <= (least + 1) * pieces);
        // the classes of a client lie in as many runs of the sorted rows as it has shards
        const runs = [...rows].filter((row, i) => i === 0 || train[row]! < train[rows[i - 1]!]!).length;
        assert.ok(runs <= pieces, `${runs} runs`);
      }
    }),
  );
});

const choice = fc.constantFrom<Choice>("groups", "cyclic", "first", "random", "balanced");

test("a client holds different classes, as many as asked; balanced ones are held evenly, the first is its own", () => {
  fc.assert(
    fc.property(choice, clients, few, fc.integer({ min: 1, max: 7 }), seed, (choice, clients, each, classes, seed) => {
      const make = () => finish(holders("op", choice, { clients, each, classes }, new Stream(key(seed))));
      if (each > classes) return refuses(make, new RegExp(`^op: classes, got ${each} .* at most the ${classes}`));
      const own = make();
      const held = Array.from({ length: classes }, (_, c) => own.filter((mine) => mine.includes(c)).length);
      for (const [client, mine] of own.entries()) {
        assert.is(new Set(mine).size, mine.length);
        assert.ok(mine.every((c) => c >= 0 && c < classes));
        if (choice === "groups") assert.ok(mine.length <= each);
        else assert.is(mine.length, each);
        if (choice === "first" || choice === "cyclic") assert.is(mine[0], client % classes);
      }
      if (choice === "balanced" || choice === "cyclic")
        assert.ok(choice === "cyclic" || Math.max(...held) - Math.min(...held) <= 1, `${held}`);
    }),
  );
  // PFLlib's groups: 20 clients, 10 classes, 2 each
  assert.equal(
    finish(holders("op", "groups", { clients: 20, each: 2, classes: 10 }, new Stream(key(0)))),
    Array.from({ length: 20 }, (_, i) => [2 * Math.floor(i / 4), 2 * Math.floor(i / 4) + 1]),
  );
});

test("a client has rows of its classes and no others, and every row of a class with holders is dealt", () => {
  const law = fc.oneof(
    fc.record({ kind: fc.constant("pathological" as const), choice, cuts: fc.constantFrom("equal", "random") }),
    fc.record({ kind: fc.constant("labelQuantity" as const) }),
    fc.record({ kind: fc.constant("extended" as const), alpha }),
  );
  let made = 0;
  fc.assert(
    fc.property(law, labels, clients, few, seed, (law, train, clients, classes, seed) => {
      const hands = dealt(() => {
        if (law.kind === "extended") return extendedDirichlet(train, { clients, classes, alpha: law.alpha }, key(seed));
        if (law.kind === "labelQuantity") return labelQuantity(train, { clients, classes }, key(seed));
        const { choice } = law;
        return pathological(train, { clients, classes, choice, cuts: law.cuts as "equal" | "random" }, key(seed));
      });
      if (!hands) return;
      made++;
      disjoint(hands.rows, train.length);
      assert.is(hands.substituted, 0);
      const own = hands.classes!;
      const got = hands.rows.map((rows) => histogram(rows, train, 7));
      for (let c = 0; c < 7; c++) {
        const holding = own.flatMap((mine, client) => (mine.includes(c) ? [client] : []));
        const there = train.reduce((sum, label) => sum + Number(label === c), 0);
        const counts = got.map((counts) => counts[c]!);
        assert.is(
          counts.reduce((a, b) => a + b, 0),
          holding.length > 0 ? there : 0,
        );
        for (const [client, n] of counts.entries()) assert.is(n > 0, holding.includes(client));
        if (law.kind === "labelQuantity" && holding.length > 0) {
          const ours = holding.map((client) => counts[client]!);
          assert.ok(Math.max(...ours) - Math.min(...ours) <= 1);
        }
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(made > 40, `${made} made`);
});

test("Dirichlet shares deal every row; balanced, nobody with a full share gets more", () => {
  fc.assert(
    fc.property(labels, clients, alpha, fc.boolean(), seed, (train, clients, alpha, balanced, seed) => {
      const options = { clients, alpha, balanced };
      const hands = dirichletHands(train, options, key(seed));
      whole(hands, train, clients);
      assert.equal(dirichletHands(train, options, key(seed)), hands);
      if (!balanced) return;
      const full = train.length / clients;
      for (const rows of hands.rows) {
        // before its last class it had less than a share
        const counts = histogram(rows, train, 7);
        const last = counts.findLastIndex((n) => n > 0);
        assert.ok(last < 0 || rows.length - counts[last]! < full);
      }
    }),
  );
});

test("the inner law meets every size and deals every row, whatever runs out", () => {
  fc.assert(
    fc.property(labels, clients, alpha, fc.array(fc.nat(9)), seed, (train, clients, alpha, given, seed) => {
      const sizes = given.length === clients && given.some((n) => n > 0) ? given : undefined;
      const hands = innerDirichlet(train, { clients, alpha, ...(sizes && { sizes }) }, key(seed));
      whole(hands, train, clients);
      assert.equal(
        hands.rows.map((rows) => rows.length),
        [...apportion(sizes ?? new Float64Array(clients).fill(1), train.length)],
      );
      assert.ok(hands.substituted <= train.length);
    }),
  );
  // with more than enough of every class nothing is substituted but by the tail
  const train = labelsOf(10, 500);
  const { rows, substituted } = innerDirichlet(train, { clients: 10, alpha: 1e6 }, key(3));
  assert.ok(substituted < 200, `${substituted}`);
  for (const own of rows) for (const n of histogram(own, train, 10)) assert.ok(n > 20 && n < 85, `${n} of 50`);
});

test("a smaller alpha is more unlike, in every law that has one", () => {
  const train = labelsOf(10, 200);
  const spread = ({ rows }: Hands): number =>
    rows.reduce((sum, own) => sum + Math.max(...histogram(own, train, 10)) / Math.max(own.length, 1), 0) / rows.length;
  const laws = [
    (alpha: number) => dirichletHands(train, { clients: 20, alpha }, key(1)),
    (alpha: number) => dirichletHands(train, { clients: 20, alpha, balanced: true }, key(1)),
    (alpha: number) => innerDirichlet(train, { clients: 20, alpha }, key(1)),
    (alpha: number) => extendedDirichlet(train, { clients: 20, classes: 5, alpha }, key(1)),
  ];
  for (const law of laws) {
    const [little, some, much] = [0.05, 1, 1000].map((alpha) => spread(law(alpha)));
    assert.ok(little! > some! && some! > much!, `${little} ${some} ${much}`);
  }
});

const laws = ["log-normal", "power-law", "linear", "square", "exponential"] as const;

test("sizes follow their law and sum to all rows, at any spread and any number of clients", () => {
  const spread = fc.oneof(fc.double({ min: 0, max: 5, noNaN: true }), fc.constantFrom(0, 1e-300, 100));
  const many = fc.oneof(clients, fc.constantFrom(1000, 5000));
  fc.assert(
    fc.property(fc.constantFrom(...laws), spread, many, fc.nat(100_000), seed, (law, spread, clients, rows, seed) => {
      const sizes = sizesBy({ clients, law, spread }, rows, key(seed));
      assert.is(sizes.length, clients);
      assert.is(
        sizes.reduce((a, b) => a + b, 0),
        rows,
      );
      assert.ok(sizes.every((size) => size >= 0));
      const even = Math.max(...sizes) - Math.min(...sizes) <= 1;
      if (spread === 0 && (law === "log-normal" || law === "power-law")) assert.ok(even);
      if (law === "linear" || law === "square" || law === "exponential")
        for (let i = 1; i < clients; i++) assert.ok(sizes[i]! >= sizes[i - 1]! - 1);
    }),
  );
  assert.equal([...sizesBy({ clients: 4, law: "linear" }, 100, key(1))], [10, 20, 30, 40]);
  assert.equal([...sizesBy({ clients: 3, law: "square" }, 140, key(1))], [10, 40, 90]);
  assert.equal(
    [...sizesBy({ clients: 4, law: "power-law", spread: 1 }, 25, key(1))].toSorted((a, b) => a - b),
    [3, 4, 6, 12],
  );
  refuses(
    () => sizesBy({ clients: 2, law: "log-normal", spread: NaN }, 1, key(1)),
    /spread, got NaN, expected a number from 0/,
  );
});

test("quantity skew deals all rows, and its classes are alike", () => {
  const train = labelsOf(4, 2000);
  for (const law of laws) {
    const hands = quantity(train, { clients: 6, law }, key(2));
    whole(hands, train, 6);
    for (const rows of hands.rows.filter((rows) => rows.length > 400))
      for (const n of histogram(rows, train, 4)) assert.ok(Math.abs(n / rows.length - 0.25) < 0.1);
  }
});

const counts = fc.record({ train: fc.integer({ min: 1, max: 20 }), validation: fc.nat(10), test: fc.nat(10) });

test("a hand becomes rows for all three, or is refused by client, and what is moved is counted", () => {
  let [made, moved, refused] = [0, 0, 0];
  const options = fc.record(
    {
      rows: counts,
      all: fc.boolean(),
      repair: fc.constantFrom("refuse" as const, "move" as const),
      minimum: fc.record({ train: fc.integer({ min: 1, max: 6 }), validation: fc.nat(4) }, { requiredKeys: [] }),
    },
    { requiredKeys: ["rows"] },
  );
  fc.assert(
    fc.property(labels, clients, options, alpha, seed, (train, clients, options, alpha, seed) => {
      const held = labelsOf(7, 10);
      const hands = dirichletHands(train, { clients, alpha }, key(seed));
      let parted;
      try {
        parted = part(hands, train, held, options, key(seed));
      } catch (reason) {
        refused++;
        assert.instance(reason, RangeError);
        assert.match((reason as Error).message, /^partition: .*, got .*, expected .*(lower|move|more data)/);
        return;
      }
      made++;
      if (parted.substituted > 0) moved++;
      const { rows, all = false, minimum = {}, repair = "refuse" } = options;
      if (repair === "refuse") assert.is(parted.substituted, 0);
      const wanted = rows.train + rows.validation;
      for (const [i, client] of parted.clients.entries()) {
        const used = client.train.length + client.validation.length;
        if (repair === "refuse") assert.is(used, all ? hands.rows[i]!.length : Math.min(hands.rows[i]!.length, wanted));
        assert.is(client.validation.length, Math.floor((used * rows.validation) / wanted));
        assert.ok(client.train.length >= (minimum.train ?? 1));
        assert.ok(client.validation.length >= (minimum.validation ?? Math.min(1, rows.validation)));
        assert.is(client.test.length, rows.test);
        disjoint([client.test], held.length);
        if (repair === "move") continue;
        const own = apportion(histogram(hands.rows[i]!, train, 7), rows.test);
        assert.equal(histogram(client.test, held, 7), [...own]);
      }
      disjoint(
        parted.clients.flatMap(({ train, validation }) => [train, validation]),
        train.length,
      );
    }),
    { numRuns: 500 },
  );
  assert.ok(made > 50 && moved > 5 && refused > 50, `${made} made, ${moved} moved, ${refused} refused`);
});

test("errors name the clients that are too small, and the remedy that helps", () => {
  const train = labelsOf(2, 30);
  const hands = { rows: [Int32Array.of(0, 1), Int32Array.from({ length: 58 }, (_, i) => i + 2)], substituted: 0 };
  const rows = { train: 10, validation: 5, test: 4 };
  const make = (more: object) => part(hands, train, train, { rows, ...more }, key(1));
  refuses(
    () => make({}),
    'partition: rows, got 2 for client 0, expected at least 3 each; take repair "move", or lower minimum, clients or the skew',
  );
  assert.is(make({ repair: "move" }).substituted, 1);
  refuses(
    () => make({ minimum: { train: 11 } }),
    /minimum, got 11 training and 1 validation rows, expected at most the 10/,
  );
  refuses(() => make({ minimum: { test: 5 } }), /minimum\.test, got 5, expected at most rows\.test, 4/);
  // a local test has its classes in proportion, and no more than there are of each
  const short = Uint8Array.of(0, 1, 1, 1, 1, 1);
  const parted = part(hands, train, short, { rows: { ...rows, test: 6 }, repair: "move" }, key(1)).clients;
  assert.equal(
    parted.map(({ test }) => histogram(test, short, 2)),
    [
      [1, 0],
      [1, 1],
    ],
  );
  refuses(
    () => part(hands, train, Uint8Array.of(1, 1), { rows, repair: "move" }, key(1)),
    /test rows for client 0, got 0 in the proportions of its classes, expected at least 1; lower minimum\.test/,
  );
  refuses(() => make({ all: true, minimum: { train: 31 }, repair: "move" }), /lower minimum or clients, or bring more/);
});

test.run();
