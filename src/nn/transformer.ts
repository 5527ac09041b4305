// A small transformer over words, with PyTorch's names, and its layers for others.
import { add } from "../autograd/ops/add.ts";
import { embedding } from "../autograd/ops/embedding.ts";
import { slice } from "../autograd/ops/slice.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { below, frozen, Sides } from "./adapted.ts";
import { fanInUniform, gaussian } from "./init.ts";
import { type Beside, type Forward, type Module, type ParameterSpec, specsOf } from "./module.ts";
import { LayerNorm } from "./norm.ts";
import { type AttentionForward, TransformerLayer, type TransformerLayerOptions } from "./transformerLayer.ts";

/** Words and their places as vectors, transformer layers and a norm: what models over words have in common. */
export class WordLayers {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #layers: readonly TransformerLayer[];
  readonly #norm: LayerNorm;

  /** @param layer what each layer is like, besides what is beside it */
  constructor(
    { words, length, width, layers, heads, beside }: WordLayersOptions,
    layer: Omit<TransformerLayerOptions, "beside">,
  ) {
    const at = (i: number): Beside | undefined => beside && below(beside, `layers.${i}`);
    this.#layers = Array.from(
      { length: layers },
      (_, i) => new TransformerLayer(width, heads, { ...layer, beside: at(i) }),
    );
    this.#norm = new LayerNorm(width);
    const own = (specs: readonly ParameterSpec[]): readonly ParameterSpec[] => (beside ? frozen(specs) : specs);
    this.specs = [
      ...own([
        { name: "words.weight", shape: [words, width], init: gaussian(0.02), table: true },
        { name: "places.weight", shape: [length, width], init: gaussian(0.02) },
      ]),
      ...this.#layers.flatMap((one, i) => specsOf([`layers.${i}`, one])),
      ...own(specsOf(["norm", this.#norm])),
    ];
  }

  /** Words i32 [batch, steps] to [batch, steps, width], with a mask as attention has it. */
  bind(tensors: readonly Tensor[], at: number): AttentionForward {
    const [table, places] = tensors as readonly [Tensor, Tensor];
    let from = 2;
    const layers = this.#layers.map((layer, i) =>
      layer.bindMasked(tensors.slice(from, (from += layer.specs.length)), at * 64 + i + 1),
    );
    const norm = this.#norm.bind(tensors.slice(from));
    return (x, mode, mask) => {
      let y: Tensor = add(embedding(table, x), slice(places, { axis: 0, from: 0, to: x.shape[1]! }));
      for (const layer of layers) y = layer(y, mode, mask);
      return norm(y, mode);
    };
  }
}

/** Sizes of words, places and layers. */
export interface WordLayersOptions {
  /** Words it knows, numbers from 0. */
  readonly words: number;
  /** Steps at most. */
  readonly length: number;
  /** Features of a word. */
  readonly width: number;
  /** Layers on each other. */
  readonly layers: number;
  /** Heads of attention, which share `width`. */
  readonly heads: number;
  /** What is beside its linear layers, whose own parameters then stand still. */
  readonly beside?: Beside | undefined;
}

/** Sizes of a transformer. */
export interface TransformerOptions {
  /** Size of the vocabulary. */
  readonly words: number;
  /** The longest sequence. */
  readonly length: number;
  /** Features of a word. */
  readonly width?: number;
  /** Layers on each other. */
  readonly layers?: number;
  /** Heads of attention, which share `width`. */
  readonly heads?: number;
  /** The probability of leaving out, 0 unless said. */
  readonly dropout?: number;
  /** Numbers per step, as many as words unless said. */
  readonly outputs?: number;
  /** A step sees those before it and itself, as a language model's does; true unless said. */
  readonly causal?: boolean;
  /** What is beside its linear layers, whose own parameters then stand still. */
  readonly beside?: Beside | undefined;
}

/** Words and their places as vectors, transformer layers, a norm and a linear layer: i32 [batch, steps] to [batch, steps, outputs]. */
export class Transformer implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #length: number;
  readonly #layers: number;
  readonly #body: WordLayers;
  readonly #sides: Sides;
  readonly #options: TransformerOptions;

  constructor(options: TransformerOptions) {
    const { words, length, width = 128, layers = 2, heads = 4, outputs = words, causal = true, beside } = options;
    [this.#length, this.#layers, this.#options] = [length, layers, options];
    const layer = { causal, ...(options.dropout === undefined ? {} : { dropout: options.dropout }) };
    this.#body = new WordLayers({ words, length, width, layers, heads, beside }, layer);
    this.#sides = new Sides(beside, [{ name: "top", inputs: width, outputs }]);
    this.specs = [
      ...this.#body.specs,
      ...this.#sides.own([
        { name: "top.weight", shape: [outputs, width], init: fanInUniform(width) },
        { name: "top.bias", shape: [outputs], init: fanInUniform(width) },
      ]),
      ...this.#sides.specs,
    ];
  }

  adapted(beside: Beside): Transformer {
    return new Transformer({ ...this.#options, beside });
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    const count = this.#body.specs.length;
    const body = this.#body.bind(tensors.slice(0, count), at);
    const [w, b] = tensors.slice(count, count + 2) as [Tensor, Tensor];
    const top = this.#sides.bind(tensors.slice(count + 2), at * 64 + this.#layers + 1)("top", w, b);
    const length = this.#length;
    return (x, mode) => {
      if (x.shape.length !== 2 || x.shape[1]! > length)
        throw new RangeError(
          `Transformer: got words [${x.shape.join(",")}], expected [batch,steps] with up to ${length} steps`,
        );
      return top(body(x, mode), mode);
    };
  }
}
