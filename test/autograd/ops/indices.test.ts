// Numbers that pick memory: refused where they are out of range, by name, with nothing written; and rows left out of a loss.
import fc from "fast-check";
import {
  backward,
  crossEntropy,
  lstm,
  mean,
  mixtureNll,
  mul,
  nll,
  ops,
  pack,
  scope,
  sum,
  type Tensor,
  tensor,
} from "../../../src/autograd/index.ts";
import type { LossOptions } from "../../../src/autograd/index.ts";
import { engine } from "../../../src/runtime/engine.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

const whole = (values: readonly number[], of?: readonly number[]): Tensor => tensor(values, of, "i32");
const ones = (of: readonly number[]): Tensor => tensor(new Float32Array(of.reduce((n, s) => n * s, 1)).fill(1), of);
const op = (name: string, x: readonly Tensor[], attrs?: unknown): Tensor => ops().get(name)!(x, attrs);

/** Every op that picks by number: from `indices` of `limit` choices to a call, and what its error calls one. */
const picks: Record<string, { call: (indices: Tensor, limit: number) => Tensor; what: string }> = {
  nll: { call: (at, n) => op("nll", [ones([at.size, n]), at]), what: "label of row" },
  nllGrad: { call: (at, n) => op("nllGrad", [at, ones([at.size])], n), what: "label of row" },
  crossEntropy: { call: (at, n) => op("crossEntropy", [ones([at.size, n]), at]), what: "label of row" },
  crossEntropyGrad: {
    call: (at, n) => op("crossEntropyGrad", [ones([at.size, n]), at, ones([at.size])]),
    what: "label of row",
  },
  mixtureNll: {
    call: (at, n) => op("mixtureNll", [ones([at.size, n]), ones([at.size, n]), ones([at.size]), at]),
    what: "label of row",
  },
  mixtureNllGrad: {
    call: (at, n) =>
      op("mixtureNllGrad", [ones([at.size, n]), ones([at.size, n]), ones([at.size]), at, ones([at.size])], 1),
    what: "label of row",
  },
  gather: { call: (at, n) => op("gather", [ones([n, 3]), at], [n, 3]), what: "row" },
  scatterAdd: { call: (at, n) => op("scatterAdd", [ones([at.size, 3]), at], [n, 3]), what: "row" },
  embedding: { call: (at, n) => op("embedding", [ones([n, 5]), at]), what: "word" },
  embeddingGrad: { call: (at, n) => op("embeddingGrad", [ones([at.size, 5]), at], [n, 5]), what: "word" },
  gatherInt: { call: (at, n) => op("gatherInt", [whole(new Array<number>(n).fill(7)), at]), what: "row" },
  gatherNormalize: {
    call: (at, n) => op("gatherNormalize", [tensor(new Uint8Array(n * 4), [n, 1, 4], "u8"), at, ones([1]), ones([1])]),
    what: "row",
  },
  sentenceRows: {
    call: (at, n) => op("sentenceRows", [whole([1, 2]), whole(new Array<number>(n + 1).fill(1)), at], -1),
    what: "row",
  },
};

const cases = fc
  .record({
    limit: fc.integer({ min: 1, max: 9 }),
    length: fc.integer({ min: 1, max: 12 }),
    at: fc.nat(),
    seed: fc.nat(),
    bad: fc.oneof(
      fc.constantFrom(-1, -100, -(2 ** 31), 2 ** 31 - 1, 1e9),
      fc.integer({ min: -700, max: -1 }),
      fc.integer({ min: 0, max: 700 }).map((n) => 1000 + n),
      fc.constant(9),
    ),
  })
  .map(({ limit, length, at, seed, bad }) => {
    const indices = Array.from({ length }, (_, i) => (seed + i * i) % limit);
    indices[at % length] = bad;
    return { limit, indices, at: at % length, bad };
  });

for (const [name, { call, what }] of Object.entries(picks)) {
  test(`${name} refuses a number out of range by row and value, and writes nothing`, () => {
    fc.assert(
      fc.property(cases, ({ limit, indices, at, bad }) => {
        const tensors = scope(() => {
          const victims = Array.from({ length: 8 }, () => ones([16]));
          const mine = whole(indices);
          // all that was there before the call's own operands
          const end = mine.ptr + 4 * mine.size;
          const before = engine().memory.u8.slice(0, end);
          let message = "";
          try {
            call(mine, limit);
          } catch (error) {
            assert.instance(error, RangeError);
            message = (error as Error).message;
          }
          assert.ok(message.startsWith(`${name}: ${what} ${at}, got ${bad}, expected 0 to ${limit - 1}`), message);
          assert.is(Buffer.compare(before, engine().memory.u8.subarray(0, end)), 0);
          return victims;
        });
        for (const t of tensors) t.dispose();
      }),
      { numRuns: 12 },
    );
  });

  test(`${name} takes every number that is in range`, () => {
    scope(() => void call(whole([0, 4, 2, 4, 1, 3, 0]), 5));
  });
}

test("nothing can be picked from nothing", () => {
  refuses(
    () => nll(tensor([], [1, 0]), whole([0])),
    /^nll: label of row 0, got 0, expected none, for there is nothing to pick from/,
  );
});

test("sentences that do not lie within their words are refused", () => {
  for (const offsets of [
    [0, 3],
    [-1, 2],
    [2, 1],
  ])
    refuses(
      () => op("sentenceRows", [whole([1, 2]), whole(offsets), whole([0])], -1),
      /^sentenceRows: offsets of row 0/,
    );
});

test("an LSTM refuses what pack did not pack", () => {
  const packed = pack(whole([1, 2, 3, -1], [2, 2]));
  const weights = { wx: ones([4, 1]), wh: ones([4, 1]), bx: ones([4]), bh: ones([4]) };
  const x = ones([3, 1]);
  lstm(x, weights, packed);
  refuses(
    () => lstm(x, weights, { ...packed, order: whole([0, 2]) }),
    "lstm: place of sentence 1, got 2, expected 0 to 1",
  );
  refuses(
    () => lstm(x, weights, { ...packed, active: whole([3, 0]) }),
    "lstm: sentences active at step 0, got 3, expected 0 to 2",
  );
  refuses(
    () => lstm(x, weights, { ...packed, active: whole([2, 2]) }),
    "lstm: 3 packed words, got steps that have 4; pack() makes them agree",
  );
});

type Loss = (x: readonly Tensor[], labels: Tensor, options?: LossOptions) => Tensor;

const losses: Record<string, { loss: Loss; operands: (rows: number, classes: number) => number[][] }> = {
  nll: { loss: ([x], labels, options) => nll(x!, labels, options), operands: (n, c) => [[n, c]] },
  crossEntropy: { loss: ([x], labels, options) => crossEntropy(x!, labels, options), operands: (n, c) => [[n, c]] },
  mixtureNll: {
    loss: ([ls, lg, z], labels, options) => mixtureNll(ls!, lg!, z!, labels, options),
    operands: (n, c) => [[n, c], [n, c], [n]],
  },
};

for (const [name, { loss, operands }] of Object.entries(losses))
  test(`${name} with ignoreIndex is ${name} of the rows that count, in values, gradients and means`, () => {
    const labelled = fc.tuple(
      fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 1, maxLength: 7 }),
      fc.constantFrom(-1, -100, 1),
    );
    fc.assert(
      fc.property(labelled, ([drawn, ignoreIndex]) => {
        const labels = drawn.map((label) => (label < 0 ? ignoreIndex : label));
        const counts = labels.map((label) => label !== ignoreIndex);
        const shapes = operands(labels.length, 3);
        const values = shapes.map((of, k) =>
          Array.from({ length: of.reduce((n, s) => n * s, 1) }, (_, i) => -0.1 - ((i * 7 + k) % 5) / 3),
        );
        // what is left out may be anything
        const wild = values.map((v, k) => {
          const width = v.length / labels.length;
          return v.map((e, i) => (counts[Math.floor(i / width)] ? e : k ? -Infinity : NaN));
        });
        const run = (which: readonly number[][], rows: readonly number[], options?: LossOptions): number[][] =>
          scope(() => {
            const x = which.map((v, k) => {
              const width = v.length / labels.length;
              const t = tensor(
                rows.flatMap((row) => v.slice(row * width, (row + 1) * width)),
                [rows.length, ...shapes[k]!.slice(1)],
              );
              t.requiresGrad = true;
              return t;
            });
            const y = loss(x, whole(rows.map((row) => labels[row]!)), options);
            backward(y.size === 1 && y.shape.length === 0 ? y : sum(mul(y, 2)));
            return [Array.from(y.toArray()), ...x.map((t) => Array.from(t.grad!.toArray()))];
          });
        const all = labels.map((_, row) => row);
        const kept = all.filter((row) => counts[row]);
        const picked = ([y, ...g]: number[][]): number[] => [
          ...all.flatMap((row) => (counts[row] ? [y![row]!] : [])),
          ...g.flatMap((v) => {
            const width = v.length / labels.length;
            assert.ok(v.every((e, i) => counts[Math.floor(i / width)] || e === 0));
            return v.filter((_, i) => counts[Math.floor(i / width)]);
          }),
        ];
        if (kept.length) {
          const want = run(values, kept);
          const got = run(wild, all, { ignoreIndex });
          assert.ok(got[0]!.every((v, row) => counts[row] || v === 0));
          near(picked(got), want.flat(), 1e-6);
          const [average] = run(wild, all, { ignoreIndex, reduction: "mean" });
          near(average!, [want[0]!.reduce((a, b) => a + b, 0) / kept.length], 1e-5);
        } else {
          assert.ok(Number.isNaN(run(wild, all, { ignoreIndex, reduction: "mean" })[0]![0]));
          assert.equal(
            run(wild, all, { ignoreIndex })[0],
            all.map(() => 0),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

test("reductions without a label to leave out are sum and mean", () => {
  const x = tensor([-1, -2, -3, -4], [2, 2]);
  const labels = whole([0, 1]);
  near(nll(x, labels, { reduction: "sum" }).toArray(), [5]);
  near(crossEntropy(x, labels, { reduction: "mean" }).toArray(), mean(crossEntropy(x, labels)).toArray(), 0);
  refuses(
    () => nll(x, whole([0, -100])),
    /^nll: label of row 1, got -100, expected 0 to 1; ignoreIndex leaves rows out$/,
  );
});

test.run();
