// Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) as modules that stand beside a layer: one product, or several of which each row
// has a few (Wu et al. 2024, arXiv 2404.13628, and what federations made of it).
import { add } from "../autograd/ops/add.ts";
import { affine, mul } from "../autograd/ops/arithmetic.ts";
import { linear } from "../autograd/ops/matmul.ts";
import { concat, slice } from "../autograd/ops/slice.ts";
import { sum } from "../autograd/ops/sum.ts";
import { take } from "../autograd/ops/take.ts";
import { type Tensor, tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT, FINITE } from "../runtime/options.ts";
import { constant, fanInUniform } from "./init.ts";
import type { LoraOptions } from "./lora.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";
import { topKWeights } from "./routing.ts";

const product = (name: string, inputs: number, outputs: number, rank: number): ParameterSpec[] => [
  { name: `${name}a`, shape: [rank, inputs], init: fanInUniform(inputs) },
  { name: `${name}b`, shape: [outputs, rank], init: constant(0) },
];

/** alpha / rank X A^T B^T with B zero at first: [rows, inputs] to [rows, outputs]; parameters are `a` and `b`. */
export class Lora implements Module {
  readonly specs: readonly ParameterSpec[];
  readonly #scale: number;

  constructor(inputs: number, outputs: number, { rank = 4, alpha = rank }: LoraOptions = {}) {
    checkOptions(
      "Lora",
      { inputs, outputs, rank, alpha },
      { inputs: COUNT, outputs: COUNT, rank: COUNT, alpha: FINITE },
    );
    this.specs = product("", inputs, outputs, rank);
    this.#scale = alpha / rank;
  }

  bind([a, b]: readonly Tensor[]): Forward {
    const scale = this.#scale;
    return (x) => affine(linear(linear(x, a!, null), b!, null), scale, 0);
  }
}

/** What a mixture made of a batch, with history. */
export interface Mixed {
  /** Numbers of the experts that there were, in the order of the columns. */
  readonly held: readonly number[];
  /** How many of them a row has. */
  readonly k: number;
  /** [rows, held] */
  readonly logits: Tensor;
  /** What each counts, 0 for those that a row has not, [rows, held]. */
  readonly weights: Tensor;
  /** Of each expert that was there, X A^T [rows, rank]. */
  readonly keys: readonly Tensor[];
  /** With keys as the way of choosing, what they are held against, [rows, rank]. */
  readonly tokens?: Tensor | undefined;
}

/** What a mixture of adapters is made of. */
export interface LoraMixtureOptions extends LoraOptions {
  /** How many are chosen from. */
  readonly experts: number;
  /** How many a row has; all unless said. */
  readonly k?: number;
  /** Whether there is one beside them that every row has; not unless said. */
  readonly shared?: boolean;
  /**
   * How rows choose: by a linear layer `router` on them, or by each expert's own X A^T against a projection `token` of the row, so that
   * an expert brings what it is found by along (FedAMoLE). By the router unless said.
   */
  readonly by?: "router" | "keys";
  /** Which experts there are at the moment, ascending; all unless said. */
  readonly held?: () => readonly number[];
  /** Hears of every batch. */
  readonly hear?: (mixed: Mixed) => void;
}

/**
 * Several low-rank products beside a layer, weighed row by row. The one that is always there, or else the first, has the parameters of a
 * `Lora`; the others are `experts.e.a` and `experts.e.b`.
 */
export class LoraMixture implements Module {
  readonly specs: readonly ParameterSpec[];
  readonly #scale: number;
  readonly #options: LoraMixtureOptions;

  constructor(inputs: number, outputs: number, options: LoraMixtureOptions) {
    const { rank = 4, alpha = rank, experts, shared = false, by = "router" } = options;
    checkOptions(
      "LoraMixture",
      { inputs, outputs, rank, alpha },
      { inputs: COUNT, outputs: COUNT, rank: COUNT, alpha: FINITE },
    );
    const [least, chosen] = shared ? [0, experts] : [1, experts - 1];
    if (!(Number.isInteger(experts) && experts >= least))
      throw new RangeError(`LoraMixture: experts, got ${experts}, expected a whole number from ${least}`);
    const choice: ParameterSpec =
      by === "router"
        ? { name: "router", shape: [experts, inputs], init: constant(0) }
        : { name: "token", shape: [rank, inputs], init: fanInUniform(inputs) };
    this.specs = [
      ...product("", inputs, outputs, rank),
      ...Array.from({ length: chosen }, (_, i) =>
        product(`experts.${experts - chosen + i}.`, inputs, outputs, rank),
      ).flat(),
      ...(experts > 0 ? [choice] : []),
    ];
    [this.#scale, this.#options] = [alpha / rank, options];
  }

  bind(tensors: readonly Tensor[]): Forward {
    const { experts, shared = false } = this.#options;
    const all = Array.from({ length: experts }, (_, e) => e);
    const { held = () => all } = this.#options;
    const pair = (i: number): [Tensor, Tensor] => [tensors[2 * i]!, tensors[2 * i + 1]!];
    const choice = tensors.at(-1)!;
    return (x) => {
      const of = held();
      let y = shared ? linear(linear(x, pair(0)[0], null), pair(0)[1], null) : undefined;
      if (of.length > 0) {
        const keys = of.map((e) => linear(x, pair(shared ? e + 1 : e)[0], null));
        const weights = this.#weights(x, { of, keys, choice });
        of.forEach((e, i) => {
          const weight = slice(weights, { axis: 1, from: i, to: i + 1 });
          const part = mul(linear(keys[i]!, pair(shared ? e + 1 : e)[1], null), weight);
          y = y ? add(y, part) : part;
        });
      }
      if (!y) throw new RangeError("LoraMixture: held, got no expert, expected one at least where none is shared");
      return affine(y, this.#scale, 0);
    };
  }

  #weights(
    x: Tensor,
    { of, keys, choice }: { of: readonly number[]; keys: readonly Tensor[]; choice: Tensor },
  ): Tensor {
    const { k = of.length, by = "router", hear } = this.#options;
    const numbers = (): Tensor => tensor(of, [of.length], "i32");
    const tokens = by === "keys" ? linear(x, choice, null) : undefined;
    const logits = tokens
      ? affine(concat(keys.map((key) => sum(mul(key, tokens), { axis: 1, keep: true })), 1), 1 / Math.sqrt(choice.shape[0]!), 0) // prettier-ignore
      : linear(x, of.length === choice.shape[0] ? choice : take(choice, numbers()), null);
    const few = Math.min(k, of.length);
    const weights = topKWeights(logits, few);
    hear?.({ held: of, k: few, logits, weights, keys, tokens });
    return weights;
  }
}
