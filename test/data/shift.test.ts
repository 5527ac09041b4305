// What clients see otherwise: exact where it can be, the same for a row whoever looks at it, and never a change of the data.
import fc from "fast-check";
import { clusterHands, corruptions, moves, seen, type Shift, viewOf, windowOf } from "../../src/data/index.ts";
import { corrupted } from "../../src/data/shift/corruption.ts";
import { noisy } from "../../src/data/shift/noise.ts";
import { turned } from "../../src/data/shift/rotation.ts";
import { key } from "../../src/runtime/random.ts";
import { disjoint } from "../support/labels.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const images = fc
  .record({
    channels: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 6 }),
    rows: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
    floats: fc.boolean(),
  })
  .map(({ channels, height, width, rows, seed, floats }) => {
    const length = rows * channels * height * width;
    const bytes = Uint8Array.from({ length }, (_, i) => Math.imul(seed + i, 0x9e3779b1) >>> 24);
    return { shape: [channels, height, width], rows, x: floats ? Float32Array.from(bytes, (b) => b / 255) : bytes };
  });

test("a quarter turn is to the left, and turns add up as they should", () => {
  // 1 2 / 3 4 becomes 2 4 / 1 3
  assert.equal([...turned(Uint8Array.of(1, 2, 3, 4), [1, 2, 2], 1)], [2, 4, 1, 3]);
  assert.equal([...turned(Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3], 2)], [6, 5, 4, 3, 2, 1]);
  fc.assert(
    fc.property(images, fc.integer({ min: -5, max: 9 }), fc.nat(7), ({ shape, x }, a, b) => {
      const square = shape[1] === shape[2];
      if (!square && (a % 2 !== 0 || b % 2 !== 0))
        return refuses(() => turned(turned(x, shape, a), shape, b), /rotation: images, got \d x \d, expected square/);
      assert.equal(turned(turned(x, shape, a), shape, b), turned(x, shape, a + b));
      assert.equal(turned(x, shape, 4), x);
      assert.equal(turned(x, shape, a).toSorted(), x.toSorted());
    }),
  );
  refuses(() => turned(new Uint8Array(4), [4], 1), /rotation: shape, got \[4\], expected images/);
});

test("a row's noise is its own for good, within bounds, and in its square alone", () => {
  const patch = fc.option(
    fc.integer({ min: 1, max: 3 }).chain((of) => fc.record({ of: fc.constant(of), at: fc.nat(of * of - 1) })),
  );
  fc.assert(
    fc.property(
      images,
      fc.double({ min: 0, max: 2, noNaN: true }),
      patch,
      fc.nat(),
      ({ shape, rows, x }, deviation, patch, seed) => {
        const noise = { deviation, ...(patch && { patch }) };
        const numbers = Array.from({ length: rows }, (_, i) => 7 * i + 3);
        const all = noisy(x, numbers, shape, noise, key(seed));
        assert.is(all.constructor, x.constructor);
        const size = x.length / rows;
        for (let i = 0; i < rows; i++) {
          const one = x.slice(i * size, (i + 1) * size);
          assert.equal(noisy(one, [numbers[i]!], shape, noise, key(seed)), all.slice(i * size, (i + 1) * size));
        }
        if (deviation === 0) assert.equal(all, x);
        for (const [i, value] of all.entries()) {
          if (x instanceof Uint8Array) assert.ok(value >= 0 && value <= 255 && Number.isInteger(value));
          if (!patch) continue;
          const [, height, width] = shape as [number, number, number];
          const [r, c] = [Math.floor(i / width) % height, i % width];
          const square = Math.floor((r * patch.of) / height) * patch.of + Math.floor((c * patch.of) / width);
          if (square !== patch.at) assert.is(value, x[i]);
        }
      },
    ),
  );
  const zeros = new Float32Array(10_000);
  const drawn = noisy(zeros, [5], [100, 10, 10], { deviation: 2 }, key(1));
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
  assert.ok(Math.abs(mean) < 0.08 && Math.abs(Math.sqrt(variance) - 2) < 0.06, `${mean} ${variance}`);
});

test("corruptions keep shape, type and range; what is even stays even, and more severe is more", () => {
  fc.assert(
    fc.property(
      images,
      fc.constantFrom(...corruptions),
      fc.integer({ min: 1, max: 5 }),
      ({ shape, x }, kind, severity) => {
        const worn = corrupted(x, shape, { kind, severity });
        assert.is(worn.constructor, x.constructor);
        assert.is(worn.length, x.length);
        const [low, high] = [Math.min(...x), Math.max(...x)];
        for (const value of worn) {
          if (kind !== "brightness") assert.ok(value >= low - 1e-6 && value <= high + 1e-6);
          else assert.ok(value >= low && (x instanceof Float32Array || value <= 255));
        }
        const even = x.slice().fill(x[0]!);
        if (kind !== "brightness") assert.equal(corrupted(even, shape, { kind, severity }), even);
        const range = (values: Uint8Array | Float32Array) => Math.max(...values) - Math.min(...values);
        if (kind !== "brightness" && severity < 5)
          assert.ok(range(corrupted(x, shape, { kind, severity: 5 })) <= range(worn) + 1 + 1e-6);
      },
    ),
  );
  assert.equal(
    [...corrupted(Uint8Array.of(0, 0, 64, 0, 0), [1, 1, 5], { kind: "blur", severity: 1 })],
    [0, 16, 32, 16, 0],
  );
  assert.equal([...corrupted(Uint8Array.of(0, 200), [1, 1, 2], { kind: "contrast", severity: 2 })], [50, 150]);
  assert.equal([...corrupted(Uint8Array.of(0, 250), [1, 1, 2], { kind: "brightness", severity: 2 })], [26, 255]);
  for (const severity of [0, 6, 1.5, NaN])
    refuses(() => corrupted(new Uint8Array(1), [1, 1, 1], { kind: "blur", severity }), /severity, got \S+, expected/);
});

const clustered = fc.record({
  kind: fc.constantFrom("rotation" as const, "labels" as const),
  clusters: fc.integer({ min: 2, max: 6 }),
});
const place = fc.record({
  clients: fc.integer({ min: 1, max: 30 }),
  classes: fc.integer({ min: 2, max: 12 }),
  round: fc.nat(50),
});
const drift = fc.record({
  kind: fc.constantFrom("sudden" as const, "incremental" as const, "recurrent" as const),
  at: fc.integer({ min: 1, max: 20 }),
});

test("clients of a cluster see the same, the first as it is; permutations are whole", () => {
  fc.assert(
    fc.property(clustered, place, fc.nat(), (shift, { clients, classes }, seed) => {
      for (let client = 0; client < clients; client++) {
        const view = viewOf(shift, { client, clients, classes }, key(seed));
        if (client % shift.clusters === 0) assert.is(view, undefined);
        else if (shift.kind === "rotation") assert.equal(view, { turns: client % shift.clusters });
        else
          assert.equal(
            [...view!.labels!].toSorted((a, b) => a - b),
            Array.from({ length: classes }, (_, c) => c),
          );
        const again = { client: client + shift.clusters, clients: clients + shift.clusters, classes };
        assert.equal(viewOf(shift, again, key(seed)), view);
      }
    }),
  );
});

test("drift moves clusters on when it says, one client after another or all at once, and recurrent ones come back", () => {
  fc.assert(
    fc.property(clustered, drift, place, fc.nat(), (shift, drift, { clients, classes, round }, seed) => {
      const at = (client: number, round?: number) => ({ client, clients, classes, round });
      for (let client = 0; client < clients; client++) {
        const moved = moves(drift, at(client, round));
        assert.is(moves(drift, at(client, 0)), 0);
        if (drift.kind === "sudden") assert.is(moved, Number(round >= drift.at));
        if (drift.kind === "recurrent") assert.is(moved, Math.floor(round / drift.at));
        if (drift.kind === "incremental") {
          assert.is(moves(drift, at(client, drift.at - 1)), 0);
          assert.is(moves(drift, at(client, 2 * drift.at)), 1);
          if (client > 0) assert.ok(moved <= moves(drift, at(client - 1, round)));
        }
        assert.is(moves(drift, at(client)), drift.kind === "recurrent" ? 0 : 1);
        const drifted = viewOf({ ...shift, drift }, at(client, round), key(seed));
        assert.equal(drifted, viewOf(shift, at(client + moved), key(seed)));
      }
    }),
  );
});

test("noise grows with the number of a client, corruptions go round", () => {
  const of = (shift: Shift, client: number) => viewOf(shift, { client, clients: 5, classes: 2 }, key(1));
  const noise = { kind: "noise", level: 0.4 } as const;
  assert.equal(
    [0, 1, 4].map((client) => of(noise, client)),
    [undefined, { noise: { deviation: 0.1 } }, { noise: { deviation: 0.4 } }],
  );
  assert.equal(of({ ...noise, squares: 2 }, 4), { noise: { deviation: 0.4, patch: { at: 0, of: 2 } } });
  const worn = { kind: "corruption", corruptions: ["none", "blur"], severity: 2 } as const;
  assert.equal(
    [0, 1, 2, 3].map((client) => of(worn, client)?.corruption?.kind),
    [undefined, "blur", undefined, "blur"],
  );
});

test("a view is laid over copies: the rows it is given stay as they are", () => {
  fc.assert(
    fc.property(images, fc.nat(3), fc.nat(), ({ shape, rows, x }, turns, seed) => {
      fc.pre(shape[1] === shape[2]);
      const labels = Uint8Array.from({ length: rows }, (_, i) => i % 3);
      const [before, named] = [x.slice(), labels.slice()];
      const view = {
        turns,
        labels: [2, 0, 1],
        noise: { deviation: 0.2 },
        corruption: { kind: "blur", severity: 1 },
      } as const;
      const got = seen({ x, labels, rows: labels.map((_, i) => i) }, view, shape, key(seed));
      assert.equal([x, labels], [before, named]);
      assert.equal(
        [...got.labels],
        Array.from(labels, (label) => [2, 0, 1][label]),
      );
      assert.ok(got.x.buffer !== x.buffer);
    }),
  );
});

test("a stream's windows are of one size, go from the first row to the last, and leave none out", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(199), { minLength: 1, maxLength: 60 }),
      fc.constantFrom("label" as const, "row" as const),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 80 }),
      (numbers, by, width, rounds) => {
        const rows = Int32Array.from(numbers);
        const labels = Uint8Array.from({ length: 200 }, (_, row) => (row * 7) % 5);
        const windows = Array.from({ length: rounds }, (_, round) =>
          windowOf(rows, labels, { by, width }, round, rounds),
        );
        const size = Math.max(1, Math.round(width * rows.length));
        for (const window of windows) {
          assert.is(window.length, size);
          disjoint([window], 200);
          assert.ok(window.every((row) => numbers.includes(row)));
        }
        const order = windowOf(rows, labels, { by, width: 1 }, 0, 1);
        for (let i = 1; i < order.length; i++)
          assert.ok(by === "row" ? order[i]! > order[i - 1]! : labels[order[i]!]! >= labels[order[i - 1]!]!);
        if (rounds > 1) assert.is(windows[0]![0], order[0]);
        assert.is(windows.at(-1)!.at(-1), order.at(-1));
        // a step of a window at most
        if (rounds > 1 && (rows.length - size) / (rounds - 1) <= size - 0.5)
          assert.is(new Set(windows.flatMap((window) => [...window])).size, rows.length);
      },
    ),
  );
  refuses(() => windowOf(Int32Array.of(1), [0, 0], { by: "row", width: 0 }, 0, 1), /stream: width, got 0, expected/);
});

test("every cluster has all rows, dealt evenly over its clients", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(200),
      fc.nat(),
      (clients, clusters, n, seed) => {
        const labels = new Uint8Array(n);
        if (clusters > clients)
          return refuses(
            () => clusterHands(labels, { clients, clusters }, key(seed)),
            /clusters, got \d, expected at most/,
          );
        const { rows } = clusterHands(labels, { clients, clusters }, key(seed));
        for (let cluster = 0; cluster < clusters; cluster++) {
          const own = rows.filter((_, client) => client % clusters === cluster);
          disjoint(own, n);
          const sizes = own.map((list) => list.length);
          assert.is(
            sizes.reduce((a, b) => a + b, 0),
            n,
          );
          assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
        }
      },
    ),
  );
});

test.run();
