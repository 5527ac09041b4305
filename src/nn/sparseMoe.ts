// A layer of experts of which each row sees a few: a linear gate, and experts that are any modules from rows to rows.
import { add } from "../autograd/ops/add.ts";
import { mul } from "../autograd/ops/arithmetic.ts";
import { matmul } from "../autograd/ops/matmul.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { scatterAdd, take } from "../autograd/ops/take.ts";
import { type Tensor, tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT } from "../runtime/options.ts";
import { fold } from "../runtime/random.ts";
import { constant, type Initializer } from "./init.ts";
import { type Forward, type Mode, type Module, type ParameterSpec, specsOf } from "./module.ts";
import { capacityOf, expertChoice, noiseWidth, noisyLogits, topKWeights, withinCapacity } from "./routing.ts";

/** What the gate made of a batch, with history, for terms that balance it. */
export interface Routing {
  /** Without noise, [rows, experts]. */
  readonly clean: Tensor;
  /** With it; the same where there is none. */
  readonly logits: Tensor;
  /** Of the noise, where there is any. */
  readonly width?: Tensor | undefined;
  /** Which experts answer and what they count, [rows, experts]. */
  readonly weights: Tensor;
}

/** How a `SparseMoe` routes its rows. */
export interface SparseMoeOptions {
  /** How many experts a row has; 2 unless said. */
  readonly k?: number;
  /** Whether rows choose experts, or experts rows; rows unless said. */
  readonly choice?: "rows" | "experts";
  /** Whether the gate's logits have learnt noise in training. */
  readonly noise?: boolean;
  /** An expert's rows in training, as a factor of the mean; no limit unless said, and no limit out of training. */
  readonly capacityFactor?: number;
  /** Sees every row, whoever else does: what a dropped row is left with. */
  readonly shared?: Module;
  /** Hears of every batch's routing in training. */
  readonly hear?: (routing: Routing) => void;
}

const zero: Initializer = constant(0);

/** [..., width] to [..., width of the experts]; parameters are `gate`, `noise`, `experts.e.name`, `shared.name`. */
export class SparseMoe implements Module {
  readonly specs: readonly ParameterSpec[];
  readonly #width: number;
  readonly #experts: readonly Module[];
  readonly #options: SparseMoeOptions;

  /** @param width of a row */
  constructor(width: number, experts: readonly Module[], options: SparseMoeOptions = {}) {
    const { k = 2, noise = false, shared, capacityFactor } = options;
    checkOptions("SparseMoe", { width, k }, { width: COUNT, k: COUNT });
    if (k > experts.length)
      throw new RangeError(`SparseMoe: k, got ${k}, expected 1 to ${experts.length}, the number of experts`);
    if (options.choice === "experts" && capacityFactor === undefined)
      throw new RangeError("SparseMoe: capacityFactor, got none, expected one where experts choose; 1 is the mean");
    [this.#width, this.#experts, this.#options] = [width, experts, options];
    this.specs = [
      { name: "gate", shape: [experts.length, width], init: zero },
      ...(noise ? [{ name: "noise", shape: [experts.length, width], init: zero }] : []),
      ...experts.flatMap((expert, e) => specsOf([`experts.${e}`, expert])),
      ...(shared ? specsOf(["shared", shared]) : []),
    ];
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    const { noise = false, shared, hear } = this.#options;
    let from = noise ? 2 : 1;
    const bound = [...this.#experts, ...(shared ? [shared] : [])].map((module, i) => {
      const mine = tensors.slice(from, (from += module.specs.length));
      // addresses as in Sequential
      return module.bind(mine, at * 64 + i + 1);
    });
    const experts = bound.slice(0, this.#experts.length);
    const always = shared && bound.at(-1);
    return (x, mode) => {
      const rows = reshape(x, [x.size / this.#width, this.#width]);
      const routing = this.#route(rows, tensors, mode);
      if (mode.train) hear?.(routing);
      const { weights } = routing;
      const values = weights.toArray();
      let y = always?.(rows, mode);
      experts.forEach((expert, e) => {
        const mine = rowsOf(values, e, experts.length);
        if (mine.length === 0) return;
        const numbers = tensor(mine, [mine.length], "i32");
        const weight = take(slice(weights, { axis: 1, from: e, to: e + 1 }), numbers);
        const part = mul(expert(take(rows, numbers), mode), weight);
        const placed = scatterAdd(part, numbers, rows.shape[0]!);
        y = y ? add(y, placed) : placed;
      });
      return reshape(y!, [...x.shape.slice(0, -1), y!.shape.at(-1)!]);
    };
  }

  #route(rows: Tensor, [gate, noise]: readonly Tensor[], mode: Mode): Routing {
    const { k = 2, choice = "rows", noise: draws = false, capacityFactor } = this.#options;
    const [count, experts] = [rows.shape[0]!, this.#experts.length];
    const clean = matmul(rows, gate!, { transB: true });
    const width = draws && mode.train ? noiseWidth(matmul(rows, noise!, { transB: true })) : undefined;
    const logits = width && mode.train ? noisyLogits(clean, width, fold(mode.key, "route")) : clean;
    if (choice === "experts")
      return { clean, logits, width, weights: expertChoice(logits, capacityOf(count, experts, 1, capacityFactor!)) };
    const weights = topKWeights(logits, k);
    const bound =
      mode.train && capacityFactor !== undefined ? capacityOf(count, experts, k, capacityFactor) : undefined;
    return { clean, logits, width, weights: bound === undefined ? weights : withinCapacity(weights, bound) };
  }
}

function rowsOf(weights: ArrayLike<number>, expert: number, experts: number): Int32Array {
  const rows: number[] = [];
  for (let i = expert; i < weights.length; i += experts) if (weights[i]! > 0) rows.push((i - expert) / experts);
  return Int32Array.from(rows);
}
