import { backward } from "../../src/autograd/backward.ts";
import { NOTHING, sentenceRows } from "../../src/autograd/ops/sequences.ts";
import { nll } from "../../src/autograd/ops/nll.ts";
import { mean, sum } from "../../src/autograd/ops/sum.ts";
import { adamInto } from "../../src/autograd/ops/update.ts";
import { sizeOf } from "../../src/autograd/shape.ts";
import { persistent, scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { fillInto } from "../../src/autograd/ops/fill.ts";
import { Adam } from "../../src/nn/optimizers.ts";
import { Net } from "../../src/nn/net.ts";
import { TextClassifier } from "../../src/nn/text.ts";
import { logSoftmax } from "../../src/autograd/ops/softmax.ts";
import { bilstmText, bilstmTextGate } from "../../src/nn/zoo.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { golden, wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const WORDS = 40;
const PAD = 1;
const lengths = [3, 11, 1, 0, 7, 7, 2];
const stream = new Stream(fold(key(3), "words"));
const offsets = lengths.reduce((all, length) => [...all, all.at(-1)! + length], [0]);
const words = Int32Array.from({ length: offsets.at(-1)! }, () => 2 + stream.below(WORDS - 2));
const labels = lengths.map((_, i) => i % 3);

const whole = (values: ArrayLike<number>): Tensor => tensor(values, [values.length], "i32");
const batch = (rows: readonly number[], padding?: number): Tensor =>
  sentenceRows(whole(words), whole(offsets), whole(rows), padding);

const small = (): Net<"private"> =>
  new Net(new TextClassifier({ words: WORDS, embedding: 6, hidden: 5, outputs: 3, head: logSoftmax }), {
    group: "private",
  }).init(7);

const all = lengths.map((_, i) => i);

function gradients(net: Net, rows: readonly number[]): Float32Array {
  return scope(() => {
    backward(sum(nll(net.forward(batch(rows)), whole(rows.map((row) => labels[row]!)))));
    return net.parameters.gradient!.toArray() as Float32Array;
  });
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

function count({ specs }: { specs: readonly { shape: readonly number[] }[] }): number {
  return specs.reduce((total, { shape }) => total + sizeOf(shape), 0);
}

test("the networks have the paper's numbers of parameters, under PyTorch's names", () => {
  assert.is(count(bilstmText()), 1_085_708);
  assert.is(count(bilstmTextGate()), 1_085_321);
  assert.equal(
    bilstmText().specs.map(({ name }) => name),
    [
      "embedding.weight",
      ...["", "_reverse"].flatMap((direction) =>
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => `rnn.${name}_l0${direction}`),
      ),
      "top_layer.weight",
      "top_layer.bias",
    ],
  );
});

interface Wanted {
  readonly sentences: readonly (readonly number[])[];
  readonly output: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly losses: readonly number[];
  readonly embedding: readonly number[];
}

const torch = golden<Record<"packed" | "padded", Wanted>>(new URL("golden/text.json", import.meta.url));

for (const [how, wanted] of Object.entries(torch))
  test(`sentences that are ${how} have PyTorch's answers, gradients and losses, and dense Adam's embedding`, () => {
    const { sentences, gradients, losses } = wanted;
    const module = new TextClassifier({ words: 12, embedding: 4, hidden: 3, outputs: 3, head: logSoftmax });
    const net = new Net(module, { group: "private" });
    net.parameters.values.set(wave(net.parameters.size, 1, 0.3));
    const adam = new Adam(net.parameters, { lr: 0.1 });
    const longest = Math.max(...sentences.map(({ length }) => length));
    const padding = how === "packed" ? NOTHING : 1;
    const rectangle = (part: typeof sentences): Tensor =>
      tensor(
        part.flatMap((words) => [...words, ...Array.from({ length: longest - words.length }, () => padding)]),
        [part.length, longest],
        "i32",
      );
    const steps = [
      [0, 4],
      [0, 2],
      [1, 4],
    ] as const;
    steps.forEach(([from, to], step) =>
      scope(() => {
        const y = net.forward(rectangle(sentences.slice(from, to)));
        const loss = mean(nll(y, whole([2, 0, 1, 2].slice(from, to))));
        near([loss.item()], [losses[step]!], 1e-5);
        backward(loss);
        if (step === 0) {
          near(y.toArray(), wanted.output, 1e-5);
          module.specs.forEach(({ name }, i) =>
            near(net.parameters.tensors[i]!.grad!.toArray(), gradients[name]!, 1e-5),
          );
        }
        adam.step();
      }),
    );
    near(net.parameters.tensors[0]!.toArray(), wanted.embedding, 1e-4);
    adam.dispose();
    net.dispose();
  });

function moments({ data }: { data: Float32Array }): [mean: number, variance: number] {
  const mean = data.reduce((total, x) => total + x, 0) / data.length;
  return [mean, data.reduce((total, x) => total + (x - mean) ** 2, 0) / data.length];
}

test("parameters begin as PyTorch's do: words normal, the LSTM uniform within 1/sqrt of its width", () => {
  const net = new Net(new TextClassifier({ words: 2000, embedding: 10, hidden: 16, outputs: 2 }), {
    group: "private",
  }).init(1);
  const record = net.parameters.toRecord();
  const [mean, variance] = moments(record["embedding.weight"]!);
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(variance - 1) < 0.05);
  for (const [name, value] of Object.entries(record))
    if (name.startsWith("rnn.")) {
      assert.ok(
        value.data.every((x) => Math.abs(x) <= 0.25),
        name,
      );
      assert.ok(
        value.data.some((x) => Math.abs(x) > 0.2),
        name,
      );
    }
  net.dispose();
});

test("a padded batch answers as its sentences do one by one, in any order", () => {
  const net = small();
  const answers = (rows: readonly number[]): number[] => scope(() => Array.from(net.predict(batch(rows)).toArray()));
  const together = answers(all);
  const alone = all.flatMap((row) => answers([row]));
  assert.ok(furthest(together, alone) < 1e-6);
  const backwards = answers(all.toReversed());
  assert.ok(
    furthest(
      backwards,
      all.toReversed().flatMap((row) => together.slice(3 * row, 3 * row + 3)),
    ) < 1e-6,
  );
  net.dispose();
});

test("a padded batch has the gradient of its sentences one by one", () => {
  const net = small();
  const together = gradients(net, all);
  const alone = all.map((row) => gradients(net, [row])).reduce((sum, g) => sum.map((x, i) => x + g[i]!));
  assert.ok(furthest(together, alone) < 1e-5);
  assert.ok(together.some((x) => Math.abs(x) > 0.1));
  net.dispose();
});

test("where padding is a word, a sentence's answer depends on its batch", () => {
  const net = small();
  const first = (rows: readonly number[]): number[] =>
    scope(() => Array.from(net.predict(batch(rows, PAD)).toArray()).slice(0, 3));
  assert.ok(furthest(first([0]), first([0, 1])) > 1e-3);
  assert.ok(furthest(first([1]), first([1, 0])) < 1e-6);
  net.dispose();
});

test("Adam gives a table the bits that dense Adam gives it, also after a reset", () => {
  const [net, dense] = [small(), small()];
  const adam = new Adam(net.parameters, { lr: 0.01 });
  const { values, gradient } = dense.parameters;
  const moments = [persistent([values.size]), persistent([values.size])] as const;
  const options = { lr: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, decoupled: false };
  for (const _ of [0, 1]) {
    adam.reset();
    for (const moment of moments) fillInto(moment, 0);
    let [power1, power2] = [1, 1];
    for (const rows of [[0, 2], [1], [3, 4], [0], [5, 6]]) {
      power1 *= 0.9;
      power2 *= 0.999;
      gradients(net, rows);
      adam.step();
      gradients(dense, rows);
      const step = { ...options, correction1: 1 - power1, correction2: 1 - power2 };
      adamInto(values, gradient!, ...moments, step);
    }
    assert.equal(net.parameters.toArray(), dense.parameters.toArray());
  }
  adam.dispose();
  for (const t of [net, dense, ...moments]) t.dispose();
});

test.run();
