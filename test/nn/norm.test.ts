// Normalisation as layers: running statistics against PyTorch's numbers, and nets that have several of them.
import { backward, mean, scope, square, tensor } from "../../src/autograd/index.ts";
import { EVALUATE, type Mode, Sequential } from "../../src/nn/module.ts";
import { Linear } from "../../src/nn/layers.ts";
import { Net } from "../../src/nn/net.ts";
import { BatchNorm, GroupNorm, LayerNorm } from "../../src/nn/norm.ts";
import { SGD } from "../../src/nn/optimizers.ts";
import { key } from "../../src/runtime/random.ts";
import { wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const training: Mode = { train: true, key: key(1) };

test("running statistics move as PyTorch's do, and are what evaluation goes by", () => {
  const net = new Net(new BatchNorm(3), { group: "private" }).init(1);
  for (const step of [0.3, 0.7]) scope(() => void net.forward(tensor(wave(2 * 3 * 4, 2, step), [2, 3, 4]), training));
  const { running_mean, running_var } = net.parameters.toRecord();
  near(running_mean!.data, [0.00651709618, 0.0115203557, 0.0691182375]);
  near(running_var!.data, [1.40144649, 1.10442291, 1.2589167]);
  const y = scope(() => net.forward(tensor([1, 0, -1], [1, 3, 1]), EVALUATE).toArray());
  near(y as Float32Array, [0.839209881, -0.0109621621, -0.952852143], 1e-5);
});

test("a net with several batch norms and weights between them trains, by the optimiser that leaves their statistics alone", () => {
  const net = new Net(
    new Sequential({ norm1: new BatchNorm(4), fc1: new Linear(4, 6), norm2: new BatchNorm(6), fc2: new Linear(6, 1) }),
    { group: "private" },
  ).init(2);
  const optimizer = new SGD([net.parameters], { lr: 0.1 });
  const x = tensor(wave(40, 1, 0.9), [10, 4]);
  const losses = Array.from({ length: 20 }, () =>
    scope(() => {
      const loss = mean(square(net.forward(x, training)));
      backward(loss);
      optimizer.step();
      return loss.item();
    }),
  );
  assert.ok(losses.at(-1)! < losses[0]! / 10, losses.join(" "));
});

test("layer and group norm have scale 1 and shift 0 at first", () => {
  for (const module of [new LayerNorm([3, 2]), new GroupNorm(3, 3)]) {
    const net = new Net(module, { group: "private" }).init(1);
    const y = net.predict(tensor(wave(12, 1, 0.4), [2, 3, 2])).toArray();
    near([Array.from(y.slice(0, 6)).reduce((sum, v) => sum + v, 0)], [0], 1e-5);
  }
});

test.run();
