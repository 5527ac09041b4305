// Modules beside linear layers that stand still, mixtures of low-rank products, and the sentence encoder that they are for.
import fc from "fast-check";
import { backward, crossEntropy, mean, scope, type Tensor, tensor } from "../../src/autograd/index.ts";
import { adapted as withBeside, isBeside, placeOf } from "../../src/nn/adapted.ts";
import { Linear } from "../../src/nn/layers.ts";
import { Lora, LoraMixture, type Mixed } from "../../src/nn/loraMixture.ts";
import { type Beside, EVALUATE, type Module, Sequential, type Site } from "../../src/nn/module.ts";
import { Net } from "../../src/nn/net.ts";
import { BatchNorm } from "../../src/nn/norm.ts";
import { SGD } from "../../src/nn/optimizers.ts";
import { SentenceEncoder } from "../../src/nn/sentenceEncoder.ts";
import { Transformer } from "../../src/nn/transformer.ts";
import { transformerText, transformerTextGate } from "../../src/nn/zoo.ts";
import { key } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const training = { train: true, key: key(1) } as const;
const whole = (values: readonly number[], shape: readonly number[]): Tensor => tensor(values, shape, "i32");
const sentences = whole([3, 1, 4, -1, 2, -1, -1, -1, 5, 5, 5, 5, -1, -1, -1, -1], [4, 4]);
const encoder = new SentenceEncoder({ words: 8, length: 4, width: 8, layers: 2, heads: 2, feedforward: 12 });
const text = new Sequential({ encoder, top: new Linear(8, 3) });

/** An adapted net whose own parameters are another's. */
function like(base: Net, module: Module): Net {
  const net = new Net(module, { group: "private" }).init(9);
  const values = base.parameters.toArray();
  net.parameters.write((name) => !isBeside(name), values);
  return net;
}

const low: Beside = ({ inputs, outputs }) => new Lora(inputs, outputs, { rank: 2 });
const two: Beside = ({ inputs, outputs }) => new LoraMixture(inputs, outputs, { rank: 2, experts: 2 });

const models: Readonly<Record<string, { module: Module; x: Tensor; sites: string[] }>> = {
  dense: {
    module: new Sequential({ fc1: new Linear(3, 4, { relu: true }), norm: new BatchNorm(4), fc2: new Linear(4, 3) }),
    x: tensor([1, -2, 0.5, 0, 1, 1, 2, 2, -1, 0.3, 0.1, 0], [4, 3]),
    sites: ["fc1", "fc2"],
  },
  text: {
    module: text,
    x: sentences,
    sites: [
      ...[0, 1].flatMap((i) =>
        ["self_attn.in_proj", "self_attn.out_proj", "linear1", "linear2"].map((site) => `encoder.layers.${i}.${site}`),
      ),
      "top",
    ],
  },
};

for (const [name, { module, x, sites }] of Object.entries(models))
  for (const [what, beside] of Object.entries({ low, two })) {
    test(`${name}: with ${what} beside its layers a model begins as it was, and nothing of its own moves`, () => {
      const asked: Site[] = [];
      const adapted = withBeside(module, (site) => (asked.push(site), beside(site)));
      assert.equal(asked.map((site) => site.name).toSorted(), sites.toSorted());
      const base = new Net(module, { group: "private" }).init(3);
      const net = like(base, adapted);
      assert.equal(
        adapted.specs.filter((spec) => !isBeside(spec.name)).map((spec) => spec.name),
        module.specs.map((spec) => spec.name),
      );
      near(net.predict(x).toArray(), base.predict(x).toArray(), 1e-6);
      const before = net.parameters.toRecord();
      const optimizer = new SGD([net.parameters], { lr: 0.5, weightDecay: 0.1 });
      for (let i = 0; i < 2; i++)
        scope(() => {
          backward(mean(crossEntropy(net.forward(x, training), whole([0, 1, 2, 0], [4]))));
          optimizer.step();
        });
      for (const [one, { data }] of Object.entries(net.parameters.toRecord()))
        if (isBeside(one)) assert.not.equal(data, before[one]!.data, one);
        else assert.equal(data, before[one]!.data, one);
    });
  }

test("a language model's transformer is adapted as the encoder is", () => {
  const module = new Transformer({ words: 6, length: 4, width: 8, layers: 1, heads: 2 });
  const base = new Net(module, { group: "private" }).init(3);
  const net = like(base, withBeside(module, low));
  const x = whole([1, 2, 3, 4], [1, 4]);
  near(net.predict(x).toArray(), base.predict(x).toArray(), 1e-6);
  assert.equal(
    withBeside(module, low).specs.filter(({ name }) => isBeside(name)).map(({ name }) => placeOf(name).site).filter((site, i, all) => all.indexOf(site) === i).toSorted(), // prettier-ignore
    ["layers.0.linear1", "layers.0.linear2", "layers.0.self_attn.in_proj", "layers.0.self_attn.out_proj", "top"],
  );
});

test("a low-rank product is that of the taken-in weights", () => {
  const module = new Sequential({ fc: new Linear(3, 2, { relu: true }) });
  const net = new Net(
    withBeside(module, () => new Lora(3, 2, { rank: 1, alpha: 3 })),
    { group: "private" },
  );
  // W, b, A, B
  net.parameters.copyFrom([1, 2, 3, 4, 5, 6, 0.5, -0.5, 1, -1, 2, 0.5, -0.25]);
  const x = tensor([1, 0.5, -1], [1, 3]);
  const low = 3 * (1 - 0.5 - 2);
  near(
    net.predict(x).toArray(),
    [Math.max(0, 1 + 1 - 3 + 0.5 + 0.5 * low), Math.max(0, 4 + 2.5 - 6 - 0.5 - 0.25 * low)],
    1e-6,
  );
});

const rows = tensor([1, 0, 0, 1, -1, 2], [3, 2]);

/** A mixture with these numbers for its parameters. */
function mixture(options: ConstructorParameters<typeof LoraMixture>[2], values: (size: number) => number[]): Net {
  const net = new Net(new LoraMixture(2, 2, options), { group: "private" });
  net.parameters.copyFrom(values(net.parameters.size));
  return net;
}

const odd = (size: number): number[] => Array.from({ length: size }, (_, i) => Math.sin(3 * i + 1));

test("a mixture of one is its product, to the bit, whoever chooses", () => {
  const lora = new Net(new Lora(2, 2, { rank: 2, alpha: 3 }), { group: "private" });
  lora.parameters.copyFrom(odd(8));
  const wanted = lora.predict(rows).toArray();
  const cases = [{ experts: 1 }, { experts: 1, k: 5 }, { experts: 0, shared: true }] as const;
  for (const options of cases)
    assert.equal(
      mixture({ rank: 2, alpha: 3, ...options }, odd)
        .predict(rows)
        .toArray(),
      wanted,
    );
});

test("experts are weighed by the router, and by who is there", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 3 }),
      (some, k) => {
        const held = some.toSorted();
        const heard: Mixed[] = [];
        const net = mixture({ rank: 1, experts: 3, k, held: () => held, hear: (mixed) => void heard.push(mixed) }, odd);
        const values = Array.from(net.parameters.toArray());
        scope(() => {
          const found = Array.from(net.predict(rows).toArray());
          const { weights } = heard[0]!;
          const of = Array.from(weights.toArray());
          [0, 1, 2].forEach((row) => {
            const x = Array.from(rows.toArray()).slice(2 * row, 2 * row + 2);
            // a and b of each expert, and then the router
            const logits = held.map((e) => x[0]! * values[12 + 2 * e]! + x[1]! * values[12 + 2 * e + 1]!);
            const order = held.map((_, i) => i).sort((a, b) => logits[b]! - logits[a]!).slice(0, k); // prettier-ignore
            const all = logits.reduce((sum, z) => sum + Math.exp(z), 0);
            const best = order.reduce((sum, i) => sum + Math.exp(logits[i]!), 0);
            const wanted = held.map((_, i) => (order.includes(i) ? Math.exp(logits[i]!) / (k === 1 ? all : best) : 0));
            near(of.slice(row * held.length, (row + 1) * held.length), wanted, 1e-6);
            const y = [0, 1].map((o) =>
              held.reduce((sum, e, i) => {
                const [a0, a1, b0, b1] = values.slice(4 * e, 4 * e + 4) as [number, number, number, number];
                return sum + wanted[i]! * (a0 * x[0]! + a1 * x[1]!) * [b0, b1][o]!;
              }, 0),
            );
            near(found.slice(2 * row, 2 * row + 2), y, 1e-5);
          });
        });
      },
    ),
  );
});

test("an expert that is found by its own factor needs no router: what is put into another place answers there", () => {
  const options = { rank: 2, experts: 2, shared: true, by: "keys" } as const;
  const plain = mixture(options, odd);
  const values = odd(plain.parameters.size);
  // shared, expert 0, expert 1, token
  const swapped = [...values.slice(0, 8), ...values.slice(16, 24), ...values.slice(8, 16), ...values.slice(24)];
  near(
    mixture(options, () => swapped)
      .predict(rows)
      .toArray(),
    plain.predict(rows).toArray(),
    1e-6,
  );
});

test("mixtures refuse what they cannot be", () => {
  refuses(() => new LoraMixture(2, 2, { experts: 0 }), "LoraMixture: experts, got 0, expected a whole number from 1");
  refuses(() => new Lora(2, 2, { rank: 0 }), /^Lora: rank, got 0/);
  const none = mixture({ rank: 1, experts: 1, held: () => [] }, odd);
  refuses(() => none.predict(rows), /^LoraMixture: held, got no expert/);
});

test("the sentence encoder sees no padding and knows so many words", () => {
  const net = new Net(text, { group: "private" }).init(4);
  const alone = (words: readonly number[]): ArrayLike<number> => net.predict(whole(words, [1, words.length])).toArray();
  const together = Array.from(net.predict(sentences).toArray());
  near(together.slice(0, 3), alone([3, 1, 4]), 1e-6);
  near(together.slice(3, 6), alone([2]), 1e-6);
  near(together.slice(6, 9), alone([5, 5, 5, 5, 7]), 1e-6);
  // nothing is the head's bias
  const bias = net.parameters.toRecord()["top.bias"]!.data;
  near(together.slice(9), bias, 1e-6);
  near(alone([9, 3]), alone([0, 3]), 0);
  near(net.predict(whole([], [2, 0])).toArray(), [...bias, ...bias], 1e-6);
});

test("the encoder's gradient is that of differences", () => {
  const net = new Net(text, { group: "private" }).init(4);
  const labels = whole([0, 1, 2, 0], [4]);
  const loss = (): number => scope(() => mean(crossEntropy(net.forward(sentences, EVALUATE), labels)).item());
  const gradient = scope(() => {
    backward(mean(crossEntropy(net.forward(sentences, training), labels)));
    return net.parameters.gradient!.toArray();
  });
  const values = net.parameters.toArray();
  const at = (i: number, by: number): number => {
    const moved = values.slice();
    moved[i]! += by;
    net.parameters.copyFrom(moved);
    return loss();
  };
  for (const i of [20, 70, 100, 200, 400, 800, values.length - 2])
    near([(at(i, 1e-3) - at(i, -1e-3)) / 2e-3], [gradient[i]!], 3e-3);
});

test("the zoo's transformer has as many parameters as it says, and a head to take off", () => {
  const module = transformerText();
  const count = module.specs.reduce((sum, { shape }) => sum + shape.reduce((n, one) => n * one, 1), 0);
  assert.is(count, 83_396);
  assert.equal(module.split!().head.specs.map(({ name }) => name), ["top.weight", "top.bias"]); // prettier-ignore
  assert.equal(transformerTextGate(50, 3).specs.at(-1)!.shape, [3]);
});

test.run();
