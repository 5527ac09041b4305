// Attention as a layer, the transformer's block, and a small transformer over words, with PyTorch's names.
import { relu } from "../autograd/ops/activation.ts";
import { add } from "../autograd/ops/add.ts";
import { attention } from "../autograd/ops/attention.ts";
import { dropout } from "../autograd/ops/dropout.ts";
import { embedding } from "../autograd/ops/embedding.ts";
import { permute } from "../autograd/ops/permute.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { gelu } from "../autograd/ops/smooth.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fold } from "../runtime/random.ts";
import { below, Sides } from "./adapted.ts";
import { constant, fanInUniform, gaussian, type Initializer } from "./init.ts";
import { type Beside, type Forward, type Mode, type Module, type ParameterSpec } from "./module.ts";
import { LayerNorm } from "./norm.ts";

/** Attention over [batch, steps, width]; mask [batch, steps] is 0 where there is nothing to see. */
export type AttentionForward = (x: Tensor, mode: Mode, mask?: Tensor) => Tensor;

/** What queries do not see. */
export interface MultiHeadOptions {
  /** A step sees those before it and itself. */
  readonly causal?: boolean;
  /** What is beside its linear layers, whose own parameters then stand still. */
  readonly beside?: Beside | undefined;
}

/** PyTorch's MultiheadAttention of a sequence over itself (Vaswani et al. 2017), [batch, steps, width] to the same. */
export class MultiHeadAttention implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #width: number;
  readonly #heads: number;
  readonly #causal: boolean;
  readonly #sides: Sides;

  constructor(width: number, heads: number, { causal = false, beside }: MultiHeadOptions = {}) {
    if (!(Number.isInteger(heads) && heads >= 1 && width % heads === 0))
      throw new RangeError(`MultiHeadAttention: got ${heads} heads, expected a divisor of the width ${width}`);
    // uniform with variance 2 / (fan in + fan out), fan out counting queries, keys and values (Glorot and Bengio 2010)
    const glorot: Initializer = fanInUniform((2 / 3) * width);
    this.#sides = new Sides(beside, [
      { name: "in_proj", inputs: width, outputs: 3 * width },
      { name: "out_proj", inputs: width, outputs: width },
    ]);
    this.specs = [
      ...this.#sides.own([
        { name: "in_proj_weight", shape: [3 * width, width], init: glorot },
        { name: "in_proj_bias", shape: [3 * width], init: constant(0) },
        { name: "out_proj.weight", shape: [width, width], init: fanInUniform(width) },
        { name: "out_proj.bias", shape: [width], init: constant(0) },
      ]),
      ...this.#sides.specs,
    ];
    [this.#width, this.#heads] = [width, heads];
    this.#causal = causal;
  }

  adapted(beside: Beside): MultiHeadAttention {
    return new MultiHeadAttention(this.#width, this.#heads, { causal: this.#causal, beside });
  }

  bind(tensors: readonly Tensor[], at = 0): Forward {
    return this.bindMasked(tensors, at);
  }

  /** As `bind`, with a mask. */
  bindMasked(tensors: readonly Tensor[], at = 0): AttentionForward {
    const [wIn, bIn, wOut, bOut] = tensors as readonly [Tensor, Tensor, Tensor, Tensor];
    const [heads, causal] = [this.#heads, this.#causal];
    const layer = this.#sides.bind(tensors.slice(4), at);
    const [into, out] = [layer("in_proj", wIn, bIn), layer("out_proj", wOut, bOut)];
    return (x, mode, mask) => {
      const [batch, steps, width] = x.shape as readonly [number, number, number];
      const each = width / heads;
      // [3, batch, heads, steps, each]
      const all = permute(reshape(into(x, mode), [batch, steps, 3, heads, each]), [2, 0, 3, 1, 4]);
      const [q, k, v] = [0, 1, 2].map((i) =>
        reshape(slice(all, { axis: 0, from: i, to: i + 1 }), [batch, heads, steps, each]),
      ) as [Tensor, Tensor, Tensor];
      const y = attention(q, k, v, { causal, ...(mask && { mask }) });
      return out(reshape(permute(y, [0, 2, 1, 3]), [batch, steps, width]), mode);
    };
  }
}

/** A layer of attention and two products. */
export interface TransformerLayerOptions extends MultiHeadOptions {
  /** Width of the layer between, four times the width unless said. */
  readonly feedforward?: number;
  /** The probability of leaving out, 0 unless said. */
  readonly dropout?: number;
  /** Normalise in front of attention and layers rather than behind, true unless said. */
  readonly normFirst?: boolean;
  /** Between the two products; GELU unless said. */
  readonly activation?: "gelu" | "relu";
}

/** PyTorch's TransformerEncoderLayer: [batch, steps, width] to the same; causal, it is a decoder's without a second sequence. */
export class TransformerLayer implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #attention: MultiHeadAttention;
  readonly #norm: LayerNorm;
  readonly #sides: Sides;
  readonly #options: Required<Omit<TransformerLayerOptions, "causal" | "feedforward" | "beside">>;
  readonly #given: readonly [width: number, heads: number, options: TransformerLayerOptions];

  constructor(width: number, heads: number, options: TransformerLayerOptions = {}) {
    const { causal = false, feedforward = 4 * width, normFirst = true, activation = "gelu", beside } = options;
    this.#given = [width, heads, options];
    this.#attention = new MultiHeadAttention(width, heads, { causal, beside: beside && below(beside, "self_attn") });
    this.#norm = new LayerNorm(width);
    this.#sides = new Sides(beside, [
      { name: "linear1", inputs: width, outputs: feedforward },
      { name: "linear2", inputs: feedforward, outputs: width },
    ]);
    this.#options = { dropout: options.dropout ?? 0, normFirst, activation };
    const layer = (name: string, inputs: number, outputs: number): ParameterSpec[] => [
      { name: `${name}.weight`, shape: [outputs, inputs], init: fanInUniform(inputs) },
      { name: `${name}.bias`, shape: [outputs], init: fanInUniform(inputs) },
    ];
    const named = (name: string, { specs }: Module): ParameterSpec[] =>
      specs.map((spec) => ({ ...spec, name: `${name}.${spec.name}` }));
    this.specs = [
      ...named("self_attn", this.#attention),
      ...this.#sides.own([
        ...layer("linear1", width, feedforward),
        ...layer("linear2", feedforward, width),
        ...named("norm1", this.#norm),
        ...named("norm2", this.#norm),
      ]),
      ...this.#sides.specs,
    ];
  }

  adapted(beside: Beside): TransformerLayer {
    const [width, heads, options] = this.#given;
    return new TransformerLayer(width, heads, { ...options, beside });
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    return this.bindMasked(tensors, at);
  }

  /** As `bind`, with a mask. */
  bindMasked(tensors: readonly Tensor[], at: number): AttentionForward {
    const count = this.#attention.specs.length;
    const attend = this.#attention.bindMasked(tensors.slice(0, count), at * 64 + 1);
    const own = tensors.slice(count);
    const [w1, b1, w2, b2] = own as unknown as readonly [Tensor, Tensor, Tensor, Tensor];
    const norms = [own.slice(4, 6), own.slice(6, 8)].map((two) => this.#norm.bind(two)) as [Forward, Forward];
    const layer = this.#sides.bind(own.slice(8), at * 64 + 2);
    const [wide, narrow] = [layer("linear1", w1, b1), layer("linear2", w2, b2)];
    const { dropout: p, normFirst, activation } = this.#options;
    const act = activation === "gelu" ? gelu : relu;
    const drop = (x: Tensor, mode: Mode, place: number): Tensor =>
      p && mode.train ? dropout(x, p, fold(mode.key, at * 64 + place)) : x;
    return (x, mode, mask) => {
      const parts = [
        (x: Tensor): Tensor => drop(attend(x, mode, mask), mode, 1),
        (x: Tensor): Tensor => drop(narrow(drop(act(wide(x, mode)), mode, 2), mode), mode, 3),
      ];
      for (const [i, part] of parts.entries()) {
        const norm = norms[i]!;
        x = normFirst ? add(x, part(norm(x, mode))) : norm(add(x, part(x)), mode);
      }
      return x;
    };
  }
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
  readonly #layers: readonly TransformerLayer[];
  readonly #norm: LayerNorm;
  readonly #sides: Sides;
  readonly #options: TransformerOptions;

  constructor(options: TransformerOptions) {
    const { words, length, width = 128, layers = 2, heads = 4, outputs = words, causal = true, beside } = options;
    [this.#length, this.#options] = [length, options];
    const layer = { causal, ...(options.dropout === undefined ? {} : { dropout: options.dropout }) };
    const at = (i: number): Beside | undefined => beside && below(beside, `layers.${i}`);
    this.#layers = Array.from(
      { length: layers },
      (_, i) => new TransformerLayer(width, heads, { ...layer, beside: at(i) }),
    );
    this.#norm = new LayerNorm(width);
    this.#sides = new Sides(beside, [{ name: "top", inputs: width, outputs }]);
    this.specs = [
      ...this.#sides.own([
        { name: "words.weight", shape: [words, width], init: gaussian(0.02), table: true },
        { name: "places.weight", shape: [length, width], init: gaussian(0.02) },
      ]),
      ...this.#layers.flatMap(({ specs }, i) => specs.map((spec) => ({ ...spec, name: `layers.${i}.${spec.name}` }))),
      ...this.#sides.own([
        ...this.#norm.specs.map((spec) => ({ ...spec, name: `norm.${spec.name}` })),
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
    const [words, places] = tensors as readonly [Tensor, Tensor];
    let from = 2;
    const layers = this.#layers.map((layer, i) =>
      layer.bind(tensors.slice(from, (from += layer.specs.length)), at * 64 + i + 1),
    );
    const norm = this.#norm.bind(tensors.slice(from, from + 2));
    const [w, b] = tensors.slice(from + 2, from + 4) as [Tensor, Tensor];
    const top = this.#sides.bind(tensors.slice(from + 4), at * 64 + layers.length + 1)("top", w, b);
    const length = this.#length;
    return (x, mode) => {
      const steps = x.shape[1]!;
      if (x.shape.length !== 2 || steps > length)
        throw new RangeError(
          `Transformer: got words [${x.shape.join(",")}], expected [batch,steps] with up to ${length} steps`,
        );
      let y: Tensor = add(embedding(words, x), slice(places, { axis: 0, from: 0, to: steps }));
      for (const layer of layers) y = layer(y, mode);
      return top(norm(y, mode), mode);
    };
  }
}
