// Layers and networks against PyTorch's with the same weights, and what the small ones of the zoo learn.
import { grad } from "../../src/autograd/backward.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { crossEntropy } from "../../src/autograd/ops/nll.ts";
import { reshape } from "../../src/autograd/ops/reshape.ts";
import { mean, sum } from "../../src/autograd/ops/sum.ts";
import { backward } from "../../src/autograd/backward.ts";
import { type Shape, sizeOf } from "../../src/autograd/shape.ts";
import { scope, tensor } from "../../src/autograd/tensor.ts";
import { Conv1d, Convolution, ConvTranspose2d } from "../../src/nn/convolution.ts";
import { Linear } from "../../src/nn/layers.ts";
import { LoraLinear } from "../../src/nn/lora.ts";
import { type Mode, type Module, Sequential } from "../../src/nn/module.ts";
import { Net } from "../../src/nn/net.ts";
import { BatchNorm, GroupNorm, LayerNorm } from "../../src/nn/norm.ts";
import { Adam } from "../../src/nn/optimizers.ts";
import { Gru, Lstm } from "../../src/nn/recurrent.ts";
import { resnet } from "../../src/nn/resnet.ts";
import { Transformer } from "../../src/nn/transformer.ts";
import { MultiHeadAttention, TransformerLayer } from "../../src/nn/transformerLayer.ts";
import { key } from "../../src/runtime/random.ts";
import { golden, wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

interface Wanted {
  readonly input: number[];
  readonly shape: number[];
  readonly value: number[];
  readonly gradient: number[];
  readonly parameters: number[];
}

const torch = golden<Record<string, Wanted>>(new URL("golden/layers.json", import.meta.url));
const training: Mode = { train: true, key: key(1) };
const wide = (of: Shape, scale: number, step: number): Float64Array => wave(sizeOf(of), scale, step);

/** A layer with a mask bound to it. */
const masked = (layer: TransformerLayer): Module => ({
  specs: layer.specs,
  bind: (tensors, at) => {
    const run = layer.bindMasked(tensors, at);
    return (x, mode) => run(x, mode, tensor([1, 1, 1, 0, 1, 0, 1, 1], [2, 4]));
  },
});

const ours: Record<string, () => Module> = {
  Convolution: () => new Convolution(4, 6, [3, 2], { stride: [2, 1], pad: [1, 0], groups: 2 }),
  Conv1d: () => new Conv1d(3, 4, 3, { stride: 2, pad: 1 }),
  ConvTranspose2d: () => new ConvTranspose2d(3, 2, 3, { stride: 2, pad: 1, outputPad: 1 }),
  LayerNorm: () => new LayerNorm([2, 5]),
  GroupNorm: () => new GroupNorm(3, 6),
  BatchNorm: () => new BatchNorm(4),
  "Lstm, two layers, both directions": () => new Lstm(3, 4, { layers: 2, bidirectional: true }),
  "Gru, two layers": () => new Gru(3, 4, { layers: 2 }),
  MultiHeadAttention: () => new MultiHeadAttention(6, 3),
  TransformerLayer: () => new TransformerLayer(8, 2, { feedforward: 12 }),
  "TransformerLayer, causal": () => new TransformerLayer(8, 2, { feedforward: 12, causal: true }),
  "TransformerLayer, norms behind, masked": () =>
    masked(new TransformerLayer(8, 2, { feedforward: 12, normFirst: false, activation: "relu" })),
  resnet: () => resnet(8, { classes: 5, width: 4 }),
};

test("there is a layer for every case", () => assert.equal(Object.keys(ours), Object.keys(torch)));

for (const [name, wanted] of Object.entries(torch))
  test(`${name}: PyTorch's values and gradients with the same weights`, () => {
    scope(() => {
      const net = new Net(ours[name]!(), { group: "private" }).init(1);
      const learnt = net.parameters.tensors.filter((t) => t.requiresGrad);
      learnt.forEach((t, i) => t.set(wide(t.shape, 0.4, 0.3 + 0.07 * i)));
      const x = tensor(wide(wanted.input, 1.5, 0.37), wanted.input);
      x.requiresGrad = true;
      const y = net.forward(x, training);
      assert.equal(y.shape, wanted.shape);
      near(y.toArray() as Float32Array, wanted.value, 1e-4);
      const [gx, ...gradients] = grad(sum(mul(y, tensor(wide(y.shape, 1, 0.53), y.shape))), [x, ...learnt]);
      near(gx!.toArray() as Float32Array, wanted.gradient, 5e-4);
      near(
        gradients.map((g) => sum(mul(g, tensor(wide(g.shape, 1, 0.9), g.shape))).item()),
        wanted.parameters,
        1e-3,
      );
      net.dispose();
    });
  });

test("residual networks have the published numbers of parameters", () => {
  const learnt = (module: Module): number =>
    module.specs.reduce((n, { shape, statistic }) => n + (statistic ? 0 : sizeOf(shape)), 0);
  assert.is(learnt(resnet(20)), 269_722);
  assert.is(learnt(resnet(8)), 75_290);
  refuses(() => resnet(18), "resnet: got depth 18, expected 8, 14, 20, ..., which are 6 n + 2");
});

test("a small transformer learns to count, and its steps see nothing behind them", () => {
  const words = 5;
  const net = new Net(new Transformer({ words, length: 8, width: 16, heads: 2 }), { group: "private" }).init(3);
  const optimizer = new Adam([net.parameters], { lr: 0.01 });
  const rows = Array.from({ length: 5 }, (_, first) => Array.from({ length: 9 }, (_, t) => (first + t) % words));
  const x = tensor(
    rows.flatMap((row) => row.slice(0, 8)),
    [5, 8],
    "i32",
  );
  const next = tensor(
    rows.flatMap((row) => row.slice(1)),
    [40],
    "i32",
  );
  const step = (): number =>
    scope(() => {
      const loss = mean(crossEntropy(reshape(net.forward(x, training), [40, words]), next));
      backward(loss);
      optimizer.step();
      return loss.item();
    });
  const first = step();
  for (let i = 0; i < 60; i++) step();
  assert.ok(step() < first / 20);

  const changed = tensor([0, 1, 2, 4], [1, 4], "i32");
  const [a, b] = [tensor([0, 1, 2, 3], [1, 4], "i32"), changed].map((x) => Array.from(net.predict(x).toArray()));
  assert.equal(a!.slice(0, 3 * words), b!.slice(0, 3 * words));
  assert.not.equal(a!.slice(3 * words), b!.slice(3 * words));
});

test("an adapted layer begins as the one it adapts, and only its adapter learns", () => {
  const base = new Net(new Sequential({ fc: new Linear(3, 2) }), { group: "private" }).init(5);
  const adapted = new Net(new Sequential({ fc: new LoraLinear(3, 2, { rank: 1, alpha: 2 }) }), {
    group: "private",
  }).init(6);
  adapted.parameters.copyMatching(base.parameters);
  const x = tensor([1, -2, 0.5, 0, 1, 1], [2, 3]);
  assert.equal(adapted.predict(x).toArray(), base.predict(x).toArray());
  const optimizer = new Adam([adapted.parameters], { lr: 0.1, weightDecay: 0.1 });
  for (let i = 0; i < 3; i++)
    scope(() => {
      backward(mean(crossEntropy(adapted.forward(x, training), tensor([0, 1], [2], "i32"))));
      optimizer.step();
    });
  const after = adapted.parameters.toRecord();
  assert.equal(after["fc.weight"]!.data, base.parameters.toRecord()["fc.weight"]!.data);
  assert.ok(after["fc.lora_b"]!.data.every((value) => value !== 0));
});

test.run();
