// Sentences as vectors by a small transformer: words and places, layers that see no padding, a norm, and the mean over the words. Behind
// it any head: it is the body of a classifier.
import { add } from "../autograd/ops/add.ts";
import { embedding } from "../autograd/ops/embedding.ts";
import { matmul } from "../autograd/ops/matmul.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { filled } from "../autograd/ops/sequences.ts";
import { slice } from "../autograd/ops/slice.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { below, frozen } from "./adapted.ts";
import { gaussian } from "./init.ts";
import { type Beside, type Forward, type Module, type ParameterSpec } from "./module.ts";
import { LayerNorm } from "./norm.ts";
import { TransformerLayer } from "./transformer.ts";

/** Sizes of an encoder. */
export interface SentenceEncoderOptions {
  /** Words it knows, numbers from 0; higher ones are read as 0, the unknown. */
  readonly words: number;
  /** Words of a sentence that are read; what is behind them is cut off. */
  readonly length: number;
  /** Features of a word, and of a sentence. */
  readonly width: number;
  /** Layers on each other. */
  readonly layers: number;
  /** Heads of attention, which share `width`. */
  readonly heads: number;
  /** Width of each layer's inner layer, four times the width unless said. */
  readonly feedforward?: number;
  /** The probability of leaving out, 0 unless said. */
  readonly dropout?: number;
  /** What is beside its linear layers, whose own parameters then stand still. */
  readonly beside?: Beside | undefined;
}

/** Sentences i32 [batch, longest], NOTHING behind their ends, to [batch, width]; one without a word is zeros. */
export class SentenceEncoder implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: SentenceEncoderOptions;
  readonly #layers: readonly TransformerLayer[];
  readonly #norm: LayerNorm;

  constructor(options: SentenceEncoderOptions) {
    const { words, length, width, layers, heads, feedforward = 4 * width, dropout = 0, beside } = options;
    this.#options = options;
    const at = (i: number): Beside | undefined => beside && below(beside, `layers.${i}`);
    this.#layers = Array.from(
      { length: layers },
      (_, i) => new TransformerLayer(width, heads, { feedforward, dropout, beside: at(i) }),
    );
    this.#norm = new LayerNorm(width);
    const own = (specs: readonly ParameterSpec[]): readonly ParameterSpec[] => (beside ? frozen(specs) : specs);
    const named = (name: string, { specs }: Module): ParameterSpec[] =>
      specs.map((spec) => ({ ...spec, name: `${name}.${spec.name}` }));
    this.specs = [
      ...own([
        { name: "words.weight", shape: [words, width], init: gaussian(0.02), table: true },
        { name: "places.weight", shape: [length, width], init: gaussian(0.02) },
      ]),
      ...this.#layers.flatMap((layer, i) => named(`layers.${i}`, layer)),
      ...own(named("norm", this.#norm)),
    ];
  }

  adapted(beside: Beside): SentenceEncoder {
    return new SentenceEncoder({ ...this.#options, beside });
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    const [table, places] = tensors as readonly [Tensor, Tensor];
    let from = 2;
    const layers = this.#layers.map((layer, i) =>
      layer.bindMasked(tensors.slice(from, (from += layer.specs.length)), at * 64 + i + 1),
    );
    const norm = this.#norm.bind(tensors.slice(from));
    return (x, mode) => {
      const { words, mask, shares } = filled(x, this.#options);
      const [batch, steps] = words.shape as readonly [number, number];
      let y: Tensor = add(embedding(table, words), slice(places, { axis: 0, from: 0, to: steps }));
      for (const layer of layers) y = layer(y, mode, mask);
      const means = matmul(reshape(shares, [batch, 1, steps]), norm(y, mode));
      return reshape(means, [batch, y.shape[2]!]);
    };
  }
}
