// Networks over sentences: words to vectors, vectors through a bidirectional LSTM, its last states to answers. Sentences
// come as i32 [batch, longest], one to a row, with NOTHING behind the end, so a batch computes what its sentences would
// one by one; where padding is a word like any other (the authors' code), it is read like any other.
import { embedding } from "../autograd/ops/embedding.ts";
import { lstm, type LstmWeights } from "../autograd/ops/lstm.ts";
import { pack, type Packed } from "../autograd/ops/sequences.ts";
import { concat } from "../autograd/ops/slice.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fanInUniform, gaussian } from "./init.ts";
import { Linear } from "./layers.ts";
import { type Forward, type Module, type ParameterSpec, type Parts, specsOf } from "./module.ts";

/** A vector for each word of a vocabulary, normal with standard deviation 1 at first. */
export class Embedding implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];

  constructor(words: number, width: number) {
    this.specs = [{ name: "weight", shape: [words, width], init: gaussian(1), table: true }];
  }

  /** Word numbers i32 of any shape to [..., width]. */
  bind([w]: readonly Tensor[]): Forward {
    return (words) => embedding(w!, words);
  }
}

/** One layer of LSTM in both directions, with PyTorch's names, layout and first values. */
export class BiLstm {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];

  constructor(inputs: number, width: number) {
    const init = fanInUniform(width);
    this.specs = ["", "_reverse"].flatMap((direction) => [
      { name: `weight_ih_l0${direction}`, shape: [4 * width, inputs], init },
      { name: `weight_hh_l0${direction}`, shape: [4 * width, width], init },
      { name: `bias_ih_l0${direction}`, shape: [4 * width], init },
      { name: `bias_hh_l0${direction}`, shape: [4 * width], init },
    ]);
  }

  /** A row per packed word [rows, inputs] to the last states of both directions side by side [batch, 2 width]. */
  bind(tensors: readonly Tensor[]): (x: Tensor, packed: Packed) => Tensor {
    const [forward, backward] = [tensors.slice(0, 4), tensors.slice(4)].map((four): LstmWeights => {
      const [wx, wh, bx, bh] = four as [Tensor, Tensor, Tensor, Tensor];
      return { wx, wh, bx, bh };
    }) as [LstmWeights, LstmWeights];
    return (x, packed) => concat([lstm(x, forward, packed), lstm(x, backward, packed, { reverse: true })], 1);
  }
}

/** Sizes of a bidirectional LSTM over words. */
export interface TextClassifierOptions {
  /** Size of the vocabulary. */
  readonly words: number;
  /** Length of a word's vector. */
  readonly embedding: number;
  /** Width of the LSTM's state in each direction. */
  readonly hidden: number;
  /** Numbers a sentence: classes, or logits of a gate. */
  readonly outputs: number;
  /** What comes behind the last layer. */
  readonly head?: (x: Tensor) => Tensor;
}

/** Embedding, bidirectional LSTM and a linear layer on its last states: i32 [batch, longest] to [batch, outputs]. */
export class TextClassifier implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #embedding: Embedding;
  readonly #rnn: BiLstm;
  readonly #top: Linear;
  readonly #head: (x: Tensor) => Tensor;

  constructor({ words, embedding, hidden, outputs, head = (x) => x }: TextClassifierOptions) {
    this.#embedding = new Embedding(words, embedding);
    this.#rnn = new BiLstm(embedding, hidden);
    this.#top = new Linear(2 * hidden, outputs);
    this.#head = head;
    this.specs = [
      ...specsOf(["embedding", this.#embedding]),
      ...specsOf(["rnn", this.#rnn]),
      ...specsOf(["top_layer", this.#top]),
    ];
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    const { body, head } = this.split();
    const [features, answers] = [body.bind(tensors.slice(0, 9), at), head.bind(tensors.slice(9), at)];
    return (x, mode) => answers(features(x, mode), mode);
  }

  /** The last states [batch, 2 hidden], and the linear layer on them. */
  split(): Parts {
    return {
      body: {
        specs: this.specs.slice(0, 9),
        bind: (tensors) => {
          const embed = this.#embedding.bind(tensors.slice(0, 1));
          const run = this.#rnn.bind(tensors.slice(1));
          return (x, mode) => {
            const packed = pack(x);
            return run(embed(packed.words, mode), packed);
          };
        },
      },
      head: {
        specs: this.specs.slice(9),
        bind: (tensors) => {
          const top = this.#top.bind(tensors);
          return (x, mode) => this.#head(top(x, mode));
        },
      },
    };
  }
}
