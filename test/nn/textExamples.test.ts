import fc from "fast-check";
import { memory, NOTHING, scope, tensor } from "../../src/autograd/index.ts";
import {
  bucketed,
  type Examples,
  inOrder,
  PaddedTextExamples,
  predictAll,
  sorted,
  TextExamples,
  trainEpoch,
} from "../../src/nn/index.ts";
import { key } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

// sentence r has lengths[r] words, all of them 10 r + its place
const lengths = [3, 1, 2, 0, 4];
const sentences = {
  words: Int32Array.from(lengths.flatMap((n, r) => Array.from({ length: n }, (_, i) => 10 * r + i))),
  offsets: Int32Array.of(0, 3, 4, 6, 6, 10),
  labels: Uint8Array.of(0, 1, 2, 3, 1),
};
const PAD = 99;

const whole = (...values: number[]): ReturnType<typeof tensor> => tensor(values, [values.length], "i32");
const rowsOf = (examples: Examples, ...rows: number[]): { x: number[]; shape: readonly number[]; labels: number[] } =>
  scope(() => {
    const { x, labels } = examples.batch(whole(...rows));
    return { x: Array.from(x.toArray()), shape: x.shape, labels: Array.from(labels.toArray()) };
  });

test("a batch is as wide as its longest sentence, with nothing behind the others", () => {
  const examples = new TextExamples(sentences);
  assert.equal(rowsOf(examples, 2, 0, 3), {
    x: [20, 21, NOTHING, 0, 1, 2, NOTHING, NOTHING, NOTHING],
    shape: [3, 3],
    labels: [2, 0, 3],
  });
  examples.dispose();
});

test("chosen sentences are the examples, numbered anew, and give all memory back", () => {
  const before = memory();
  const examples = new TextExamples(sentences, [4, 1]);
  assert.equal([examples.count, Array.from(examples.labels), Array.from(examples.lengths)], [2, [1, 1], [4, 1]]);
  assert.equal(rowsOf(examples, 1, 0).x, [10, NOTHING, NOTHING, NOTHING, 40, 41, 42, 43]);
  examples.dispose();
  assert.equal([memory().used, memory().blocks], [before.used, before.blocks]);
});

test("predictAll answers sentences by length and puts the answers back in order", () => {
  const examples = new TextExamples(sentences);
  const seen: number[] = [];
  const answers = predictAll(examples, 1, (_, rows) => {
    const numbers = Array.from(rows.toArray());
    seen.push(...numbers);
    return tensor(numbers, [numbers.length, 1]);
  });
  assert.equal(seen, [3, 1, 2, 0, 4]);
  assert.equal(Array.from(answers.toArray()), [0, 1, 2, 3, 4]);
  answers.dispose();
  examples.dispose();
});

test("as the authors serve them, short sentences are filled up with a word", () => {
  const examples = new PaddedTextExamples(sentences, [2, 0], PAD, inOrder(10));
  assert.equal(rowsOf(examples, 0, 1).x, [20, 21, PAD, 0, 1, 2]);
  examples.dispose();
});

test("as the authors serve them, batches are made once, and training and answering keep to them", () => {
  const examples = new PaddedTextExamples(sentences, undefined, PAD, () => [
    Int32Array.of(4, 0),
    Int32Array.of(3, 1, 2),
  ]);
  const seen: number[][] = [];
  for (const seed of [1, 2])
    trainEpoch({
      examples,
      loss: ({ rows }) => {
        seen.push(Array.from(rows.toArray()));
        const loss = tensor(0);
        loss.requiresGrad = true;
        return loss;
      },
      optimizer: { step() {}, reset() {}, dispose() {} },
      batchSize: 2,
      key: key(seed),
    });
  assert.equal(seen, [
    [4, 0],
    [3, 1, 2],
    [4, 0],
    [3, 1, 2],
  ]);
  const answers = predictAll(examples, 1, (_, rows) => tensor(rows.toArray(), [rows.size, 1]));
  assert.equal(Array.from(answers.toArray()), [0, 1, 2, 3, 4]);
  answers.dispose();
  examples.dispose();
});

const cases = fc.tuple(fc.array(fc.nat(30), { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), fc.nat());

test("every way of batching has each sentence once, in batches of the size asked for", () => {
  fc.assert(
    fc.property(cases, ([list, size, seed]) => {
      for (const batching of [bucketed(size, key(seed)), sorted(size), inOrder(size)]) {
        const batches = batching(Int32Array.from(list)).map((batch) => Array.from(batch));
        const numbers = list.map((_, i) => i);
        assert.equal(
          batches.flat().toSorted((a, b) => a - b),
          numbers,
        );
        assert.is(batches.filter((batch) => batch.length < size).length, list.length % size ? 1 : 0);
      }
    }),
  );
});

test("buckets hold sentences of like lengths, in an order that the key draws", () => {
  const list = Int32Array.from({ length: 60 }, (_, i) => (i * 37) % 60);
  const batches = bucketed(10, key(1))(list).map((batch) => Array.from(batch, (i) => list[i]!));
  for (const batch of batches) {
    assert.is(Math.max(...batch) - Math.min(...batch), 9);
    assert.equal(
      batch,
      batch.toSorted((a, b) => a - b),
    );
  }
  const firsts = (seed: number): number[] => bucketed(10, key(seed))(list).map(([first]) => list[first!]!);
  assert.equal(firsts(1), firsts(1));
  assert.not.equal(firsts(1), firsts(2));
});

test.run();
