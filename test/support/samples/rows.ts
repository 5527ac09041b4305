// Samples of ops that pick rows, and of what reads sentences.
import fc from "fast-check";
import { lstm } from "../../../src/autograd/ops/lstm.ts";
import { NOTHING, pack } from "../../../src/autograd/ops/sequences.ts";
import { sizeOf } from "../../../src/autograd/shape.ts";
import { tensor } from "../../../src/autograd/tensor.ts";
import { point, shape } from "../../../src/testing/index.ts";
import { int, op, points, type Sample, whole } from "./sample.ts";

const picks = fc
  .tuple(shape({ minRank: 1 }), fc.array(fc.nat(), { minLength: 1, maxLength: 9 }))
  .map(([of, numbers]) => ({ of, rows: numbers.map((n) => n % of[0]!) }));

/** Sentences of up to 5 words, at least one of them not empty, as a rectangle of any words. */
const sentences = fc
  .record({
    lengths: fc.array(int(0, 5), { minLength: 1, maxLength: 6 }).filter((lengths) => Math.max(...lengths) > 0),
    inputs: int(1, 5),
    width: int(1, 9),
    reverse: fc.boolean(),
  })
  .map(({ lengths, ...rest }) => {
    const longest = Math.max(...lengths);
    const words = lengths.flatMap((length) => Array.from({ length: longest }, (_, t) => (t < length ? t : NOTHING)));
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    return { ...rest, rows, batch: lengths.length, packed: () => pack(whole(words, [lengths.length, longest])) };
  });

export const rows: Readonly<Record<string, Sample>> = {
  gather: {
    cases: picks.chain(({ of, rows }) =>
      points(point(of)).map((points) => ({ f: (x) => op("gather", [x!, whole(rows)], of), points })),
    ),
  },
  scatterAdd: {
    cases: picks.chain(({ of, rows }) =>
      points(point([rows.length, ...of.slice(1)])).map((points) => ({
        f: (g) => op("scatterAdd", [g!, whole(rows)], of),
        points,
      })),
    ),
  },
  embedding: {
    cases: fc
      .tuple(picks, int(1, 9))
      .chain(([{ of, rows }, width]) =>
        points(point([of[0]!, width])).map((points) => ({ f: (w) => op("embedding", [w!, whole(rows)]), points })),
      ),
  },
  embeddingGrad: {
    cases: fc.tuple(picks, int(1, 9)).chain(([{ of, rows }, width]) =>
      points(point([rows.length, width])).map((points) => ({
        f: (g) => op("embeddingGrad", [g!, whole(rows)], [of[0]!, width]),
        points,
      })),
    ),
  },
  lstm: {
    cases: sentences.chain(({ rows, inputs, width, reverse, packed }) =>
      points(
        ...[[rows, inputs], [4 * width, inputs], [4 * width, width], [4 * width], [4 * width]].map((of) => point(of)),
      ).map((points) => ({
        f: (x, wx, wh, bx, bh) => lstm(x!, { wx: wx!, wh: wh!, bx: bx!, bh: bh! }, packed(), { reverse }),
        points,
      })),
    ),
    order: 1,
    reason: "its gradient kernel has no gradient",
    tolerance: 1e-5,
  },
  lstmGrad: {
    cases: sentences.chain(({ rows, batch, width, reverse, packed }) =>
      points(
        point([batch, width]),
        point([4 * width, width]),
        point([rows, 4 * width], { low: 0, high: 1 }),
        point([rows, width]),
        point([rows, width], { low: -1, high: 1 }),
      ).map((points) => ({
        f: (g, wh, gates, cells, squashed) =>
          op("lstmGrad", [g!, wh!, g!], { packed: packed(), reverse, gates, hidden: cells, cells, squashed }),
        points,
      })),
    ),
    order: 0,
    reason: "the gradient of an LSTM cannot be differentiated again",
    tolerance: 1e-5,
  },
  sentenceRows: {
    cases: fc
      .tuple(
        fc.array(int(0, 5), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
        int(-1, 1),
      )
      .map(([lengths, numbers, padding]) => {
        const offsets = lengths.reduce((all, length) => [...all, all.at(-1)! + length], [0]);
        const words = Array.from({ length: offsets.at(-1)! }, (_, i) => 10 + i);
        const rows = numbers.map((n) => n % lengths.length);
        return { f: () => op("sentenceRows", [whole(words), whole(offsets), whole(rows)], padding), points: [] };
      }),
    order: 0,
    reason: "whole numbers",
  },
  gatherInt: {
    cases: picks.map(({ of, rows }) => ({
      f: () => op("gatherInt", [whole(Int32Array.from({ length: of[0]! }, (_, i) => 10 * i)), whole(rows)]),
      points: [],
    })),
    order: 0,
    reason: "whole numbers",
  },
  gatherNormalize: {
    cases: fc
      .tuple(shape({ minRank: 3, maxRank: 4 }), fc.array(fc.nat(), { minLength: 1, maxLength: 5 }))
      .map(([of, numbers]) => {
        const channels = of[1]!;
        const bytes = Uint8Array.from({ length: sizeOf(of) }, (_, i) => (i * 37) % 256);
        const per = (first: number): number[] => Array.from({ length: channels }, (_, c) => first * (c + 1));
        const rows = numbers.map((n) => n % of[0]!);
        return {
          f: () =>
            op("gatherNormalize", [tensor(bytes, of, "u8"), whole(rows), tensor(per(1 / 255)), tensor(per(-0.25))]),
          points: [],
        };
      }),
    order: 0,
    reason: "bytes",
  },
};
