// Sentences as vectors by a small transformer: words and places, layers that see no padding, a norm, and the mean over the words. Behind
// it any head: it is the body of a classifier.
import { matmul } from "../autograd/ops/matmul.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { filled } from "../autograd/ops/sequences.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type Beside, type Forward, type Module, type ParameterSpec } from "./module.ts";
import { WordLayers, type WordLayersOptions } from "./transformer.ts";

/** Sizes of an encoder. */
export interface SentenceEncoderOptions extends WordLayersOptions {
  /** Width of each layer's inner layer, four times the width unless said. */
  readonly feedforward?: number;
  /** The probability of leaving out, 0 unless said. */
  readonly dropout?: number;
}

/** Sentences i32 [batch, longest], NOTHING behind their ends, to [batch, width]; one without a word is zeros. */
export class SentenceEncoder implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: SentenceEncoderOptions;
  readonly #body: WordLayers;

  constructor(options: SentenceEncoderOptions) {
    const { width, feedforward = 4 * width, dropout = 0 } = options;
    this.#options = options;
    this.#body = new WordLayers(options, { feedforward, dropout });
    this.specs = this.#body.specs;
  }

  adapted(beside: Beside): SentenceEncoder {
    return new SentenceEncoder({ ...this.#options, beside });
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    const body = this.#body.bind(tensors, at);
    return (x, mode) => {
      const { words, mask, shares } = filled(x, this.#options);
      const [batch, steps] = words.shape as readonly [number, number];
      const y = body(words, mode, mask);
      return reshape(matmul(reshape(shares, [batch, 1, steps]), y), [batch, y.shape[2]!]);
    };
  }
}
