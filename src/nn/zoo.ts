// The networks of the paper as its authors' code builds them (github edvinli/federated-learning-mixture): experts end in
// log-probabilities, gates in one logit per row (the sigmoid belongs to the mixture). And one with a layer of experts, one of factors, and one with a chain of states.
import { reshape } from "../autograd/ops/reshape.ts";
import { logSoftmax, softmax } from "../autograd/ops/softmax.ts";
import { relu } from "../autograd/ops/activation.ts";
import { Chain } from "./chain.ts";
import { Conv2d, Dropout, Linear, MaxPool2d } from "./layers.ts";
import { Apply, type Module, Sequential } from "./module.ts";
import { SentenceEncoder } from "./sentenceEncoder.ts";
import { SparseMoe } from "./sparseMoe.ts";
import { TextClassifier } from "./text.ts";

/** What an expert puts out. Only the authors' Fashion-MNIST net ends in probabilities. */
export type Output = "logSoftmax" | "softmax";

function head(output: Output): Module {
  return new Apply(output === "softmax" ? softmax : logSoftmax);
}

function cifarTrunk(channels: number): Record<string, Module> {
  return {
    conv1: new Conv2d(channels, 6, 5),
    pool1: new MaxPool2d(2, { relu: true }),
    conv2: new Conv2d(6, 16, 5),
    pool2: new MaxPool2d(2, { relu: true }),
    fc1: new Linear(400, 120, { relu: true }),
    drop: new Dropout(0.5),
    fc2: new Linear(120, 84, { relu: true }),
  };
}

/** CNNCifar: [batch, 3, 32, 32] to log-probabilities; 62,006 parameters for 10 classes. */
export function lenetCifar(classes = 10): Module {
  return new Sequential({ ...cifarTrunk(3), fc3: new Linear(84, classes), output: head("logSoftmax") });
}

/** GateCNN: [batch, 3, 32, 32] to one logit, or one for each of `outputs` experts; 61,241 parameters. */
export function lenetCifarGate(outputs = 1): Module {
  return new Sequential({ ...cifarTrunk(3), fc3: new Linear(84, outputs) });
}

function fashionTrunk(): Record<string, Module> {
  return {
    conv1: new Conv2d(1, 6, 5),
    pool1: new MaxPool2d(2, { relu: true }),
    conv2: new Conv2d(6, 12, 5),
    pool2: new MaxPool2d(2, { relu: true }),
    fc1: new Linear(192, 84, { relu: true }),
    drop: new Dropout(0.5),
    fc2: new Linear(84, 42, { relu: true }),
  };
}

/** CNNFashion: [batch, 1, 28, 28] to log-probabilities (probabilities in the authors' code); 22,180 parameters. */
export function lenetFashion(classes = 10, output: Output = "logSoftmax"): Module {
  return new Sequential({ ...fashionTrunk(), fc3: new Linear(42, classes), output: head(output) });
}

/** GateCNNFashion: [batch, 1, 28, 28] to one logit, or one for each of `outputs` experts; 21,793 parameters. */
export function lenetFashionGate(outputs = 1): Module {
  return new Sequential({ ...fashionTrunk(), fc3: new Linear(42, outputs) });
}

// dropout comes in front of the ReLU here, as in the authors' code
function mlpTrunk(inputs: number): Record<string, Module> {
  return { fc1: new Linear(inputs, 200), drop: new Dropout(0.5), relu: new Apply(relu) };
}

/** MLP: `inputs`-200-`classes`; 159,010 parameters for 784 and 10. */
export function mlp(inputs = 784, classes = 10): Module {
  return new Sequential({ ...mlpTrunk(inputs), fc2: new Linear(200, classes), output: head("logSoftmax") });
}

/** GateMLP: `inputs`-200-`outputs`; 157,201 parameters for 784 and 1. */
export function mlpGate(inputs = 784, outputs = 1): Module {
  return new Sequential({ ...mlpTrunk(inputs), fc2: new Linear(200, outputs) });
}

/** RNNTextClassifier: sentences i32 [batch, longest] to log-probabilities; 1,085,708 parameters for 10,002 words and 4 classes. */
export function bilstmText(words = 10_002, classes = 4): Module {
  return new TextClassifier({ words, embedding: 100, hidden: 64, outputs: classes, head: logSoftmax });
}

/** RNNGate: sentences to one logit, or one for each of `outputs` experts; 1,085,321 parameters for 10,002 words. */
export function bilstmTextGate(words = 10_002, outputs = 1): Module {
  return new TextClassifier({ words, embedding: 100, hidden: 64, outputs });
}

/**
 * A layer of experts between two of a perceptron, as for loads by the hour (Sievers et al. 2024): `inputs`-32, each row through two of five
 * experts 32-32, or through all of four (`soft`), and 32-`outputs`.
 * @param probabilities whether it ends in log-probabilities, as for classes
 */
export function sparseMlp(
  inputs: number,
  outputs: number,
  { soft = false, probabilities = true }: { soft?: boolean; probabilities?: boolean } = {},
): Module {
  const experts = Array.from({ length: soft ? 4 : 5 }, () => new Linear(32, 32, { relu: true }));
  return new Sequential({
    fc1: new Linear(inputs, 32, { relu: true }),
    moe: new SparseMoe(32, experts, { k: soft ? experts.length : 2 }),
    fc2: new Linear(32, outputs),
    ...(probabilities && { output: head("logSoftmax") }),
  });
}

// the most frequent words: numbers go by frequency
const KNOWN = 2002;
const WIDTH = 32;

const encoder = (words: number): SentenceEncoder =>
  new SentenceEncoder({
    words: Math.min(words, KNOWN),
    length: 64,
    width: WIDTH,
    layers: 2,
    heads: 4,
    feedforward: 64,
  });

/**
 * Not of the paper: a small transformer over the first 64 words of a sentence, of which it knows the 2,002 first of the vocabulary; to
 * log-probabilities. 83,396 parameters for 4 classes.
 */
export function transformerText(words = 10_002, classes = 4): Module {
  return new Sequential({ encoder: encoder(words), top: new Linear(WIDTH, classes), output: head("logSoftmax") });
}

/** The same to one logit, or one for each of `outputs` experts. */
export function transformerTextGate(words = 10_002, outputs = 1): Module {
  return new Sequential({ encoder: encoder(words), top: new Linear(WIDTH, outputs) });
}

/**
 * Factors: `inputs`-8 of whatever is rated, and 8-`outputs` of who rates, both linear, so that an answer is their product.
 * @param probabilities whether it ends in log-probabilities, as for classes
 */
export function factors(
  inputs: number,
  outputs: number,
  { probabilities = true }: { probabilities?: boolean } = {},
): Module {
  return new Sequential({
    items: new Linear(inputs, 8),
    user: new Linear(8, outputs),
    ...(probabilities && { output: head("logSoftmax") }),
  });
}

/**
 * Windows [batch, steps, width] to log-probabilities of the last step's class: `width`-32-`classes` scores every step alike, and a chain
 * smooths them. It cannot be taken apart into body and head, as no single row of features is in between.
 */
export function chain(steps: number, width: number, classes: number): Module {
  const whole = new Sequential({
    rows: new Apply((x) => reshape(x, [x.size / width, width])),
    fc1: new Linear(width, 32, { relu: true }),
    fc2: new Linear(32, classes),
    windows: new Apply((x) => reshape(x, [x.size / (steps * classes), steps * classes])),
    chain: new Chain(steps, classes),
  });
  return { specs: whole.specs, bind: (tensors, at) => whole.bind(tensors, at) };
}
