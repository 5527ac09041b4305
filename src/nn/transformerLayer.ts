// Attention as a layer and the transformer's block, with PyTorch's names.
import { relu } from "../autograd/ops/activation.ts";
import { add } from "../autograd/ops/add.ts";
import { dropout } from "../autograd/ops/dropout.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { selfAttention } from "../autograd/ops/selfAttention.ts";
import { gelu } from "../autograd/ops/smooth.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fold } from "../runtime/random.ts";
import { below, Sides } from "./adapted.ts";
import { constant, fanInUniform, type Initializer } from "./init.ts";
import { type Beside, type Forward, type Mode, type Module, type ParameterSpec, specsOf } from "./module.ts";
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
      // queries, keys and values, each with its heads beside each other
      const all = reshape(into(x, mode), [batch, steps, 3 * width]);
      const y = selfAttention(all, heads, { causal, ...(mask && { mask }) });
      return reshape(out(y, mode), [batch, steps, width]);
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
    this.specs = [
      ...specsOf(["self_attn", this.#attention]),
      ...this.#sides.own([
        ...layer("linear1", width, feedforward),
        ...layer("linear2", feedforward, width),
        ...specsOf(["norm1", this.#norm]),
        ...specsOf(["norm2", this.#norm]),
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
