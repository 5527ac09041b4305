// The model zoo with weights that every runner can make again, and the training step that all of them run.
import { noGrad } from "../src/autograd/op.ts";
import { backward } from "../src/autograd/backward.ts";
import { nll } from "../src/autograd/ops/nll.ts";
import { mean } from "../src/autograd/ops/sum.ts";
import { persistent, scope, type Tensor } from "../src/autograd/tensor.ts";
import {
  Adam,
  bilstmText,
  bilstmTextGate,
  EVALUATE,
  type Group,
  lenetCifar,
  lenetCifarGate,
  lenetFashion,
  lenetFashionGate,
  mlp,
  mlpGate,
  type Mode,
  type Module,
  Net,
} from "../src/nn/index.ts";
import { fold, key } from "../src/runtime/random.ts";
import { floats, labels as seededLabels } from "./data.ts";

export interface Model {
  readonly title: string;
  readonly expert: () => Module;
  readonly gate: () => Module;
  readonly classes: number;
  /** Of one example: numbers, or of a sentence words of a vocabulary. */
  readonly input: readonly number[];
  readonly words?: number;
  /** Multiply-adds of one forward pass on one example, times two. */
  readonly forward: number;
  /** The same for a whole training step: no gradient is wanted for the input. */
  readonly step: number;
}

export type ModelName = "lenetCifar" | "lenetFashion" | "mlp" | "bilstm";

/** Words of a sentence, about as many as AG News has. */
const LENGTH = 40;
// two directions of four gates over a vector of 100 and a state of 64, then 128-4
const bilstmForward = 2 * (LENGTH * 2 * 256 * (100 + 64) + 128 * 4);

export const models: Readonly<Record<ModelName, Model>> = {
  lenetCifar: {
    title: "LeNet-CIFAR",
    expert: lenetCifar,
    gate: lenetCifarGate,
    classes: 10,
    input: [3, 32, 32],
    forward: 1_303_440,
    step: 3_204_720,
  },
  lenetFashion: {
    title: "LeNet-Fashion",
    expert: lenetFashion,
    gate: lenetFashionGate,
    classes: 10,
    input: [1, 28, 28],
    // conv 1-6 and 6-12 of 5x5, then 192-84-42-10
    forward: 2 * (24 * 24 * 6 * 25 + 8 * 8 * 12 * 150 + 192 * 84 + 84 * 42 + 42 * 10),
    step: 2 * (2 * 24 * 24 * 6 * 25 + 3 * (8 * 8 * 12 * 150 + 192 * 84 + 84 * 42 + 42 * 10)),
  },
  mlp: {
    title: "MLP 784-200-10",
    expert: mlp,
    gate: mlpGate,
    classes: 10,
    input: [784],
    forward: 2 * (784 * 200 + 200 * 10),
    step: 2 * (2 * 784 * 200 + 3 * 200 * 10),
  },
  bilstm: {
    title: "BiLSTM",
    expert: bilstmText,
    gate: bilstmTextGate,
    classes: 4,
    input: [LENGTH],
    words: 10_002,
    forward: bilstmForward,
    step: 3 * bilstmForward,
  },
};

/** A net with seeded weights: the i-th tensor from seed + i, within +-1/sqrt(fan-in) of its layer, as PyTorch draws them. */
export function seeded<G extends Group>(
  module: Module,
  seed: number,
  options: { group: G; trainable?: boolean },
): Net<G> {
  const net = new Net(module, options);
  let fanIn = 1;
  net.parameters.tensors.forEach((t, i) => {
    if (t.shape.length > 1) fanIn = t.size / t.shape[0]!;
    t.set(floats(seed + i, t.size, 1 / Math.sqrt(fanIn)));
  });
  return net;
}

/** A batch of inputs and labels that stays. */
export function batchOf(
  { input, words, classes }: Model,
  size: number,
): { x: Tensor; labels: Tensor; dispose: () => void } {
  const shape = [size, ...input];
  const count = shape.reduce((n, s) => n * s, 1);
  const x =
    words === undefined
      ? persistent(shape).set(floats(1001, count))
      : persistent(shape, "i32").set(seededLabels(1001, count, words));
  const labels = persistent([size], "i32").set(seededLabels(1002, size, classes));
  return {
    x,
    labels,
    dispose: () => {
      x.dispose();
      labels.dispose();
    },
  };
}

export interface Stepper {
  /** One whole step: forward, loss, backward, Adam, and the loss read. */
  step(mode: Mode): number;
  dispose(): void;
}

/** Training of an expert on one batch through the public API. */
export function stepper(name: ModelName, batch: number, lr: number): Stepper {
  const model = models[name];
  const net = seeded(model.expert(), 1, { group: "shared" });
  const optimizer = new Adam(net.parameters, { lr });
  const { x, labels, dispose } = batchOf(model, batch);
  return {
    step: (mode) =>
      scope(() => {
        const loss = mean(nll(net.forward(x, mode), labels));
        backward(loss);
        optimizer.step();
        return loss.item();
      }),
    dispose: () => {
      optimizer.dispose();
      net.dispose();
      dispose();
    },
  };
}

/** Modes of successive training steps, each with random numbers of its own. */
export function modes(): () => Mode {
  const root = fold(key(1), "bench");
  let step = 0;
  return () => ({ train: true, key: fold(root, step++) });
}

/** Losses of four steps without dropout, at a rate at which every step shows. */
export function losses(name: ModelName, batch: number): number[] {
  const { step, dispose } = stepper(name, batch, 1e-3);
  const found = Array.from({ length: 4 }, () => step(EVALUATE));
  dispose();
  return found;
}

/** Outputs of an expert in evaluation mode. */
export function outputs(name: ModelName, batch: number): ArrayLike<number> {
  const model = models[name];
  const net = seeded(model.expert(), 1, { group: "shared", trainable: false });
  const { x, dispose } = batchOf(model, batch);
  const found = scope(() => noGrad(() => net.predict(x).toArray()));
  net.dispose();
  dispose();
  return found;
}
