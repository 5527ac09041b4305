// LSTM and GRU over sequences of one length, with PyTorch's names, layout and first values: layers on each other, in one
// direction or both.
import { dropout } from "../autograd/ops/dropout.ts";
import type { LstmWeights } from "../autograd/ops/lstm.ts";
import { permute } from "../autograd/ops/permute.ts";
import { gruSequence, lstmSequence } from "../autograd/ops/recurrent.ts";
import { concat } from "../autograd/ops/slice.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fold } from "../runtime/random.ts";
import { fanInUniform } from "./init.ts";
import type { Forward, Mode, Module, ParameterSpec } from "./module.ts";

/** How many layers, and in which directions they read. */
export interface RecurrentOptions {
  /** Layers on each other, 1 unless said. */
  readonly layers?: number;
  /** Whether each layer reads both ways; outputs are then twice as wide. */
  readonly bidirectional?: boolean;
  /** Of what goes from one layer to the next, while training. */
  readonly dropout?: number;
}

/** States [batch, width], for each layer the forward and, if there is one, the backward direction. */
export interface RecurrentStates {
  /** Hidden states of each layer and direction, [batch, hidden] each. */
  readonly h: readonly Tensor<"f32">[];
  /** Cells; a GRU has none. */
  readonly c: readonly Tensor<"f32">[];
}

/** From sequences and the states in front of them, zeros unless given, to the states behind every step and those at the end. */
export type RecurrentForward = (
  x: Tensor,
  mode: Mode,
  start?: Partial<RecurrentStates>,
) => { readonly y: Tensor<"f32"> } & RecurrentStates;

class Recurrent implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #gates: 3 | 4;
  readonly #layers: number;
  readonly #directions: number;
  readonly #dropout: number;

  constructor(
    gates: 3 | 4,
    inputs: number,
    width: number,
    { layers = 1, bidirectional = false, dropout: p = 0 }: RecurrentOptions = {},
  ) {
    const init = fanInUniform(width);
    const directions = bidirectional ? 2 : 1;
    this.specs = Array.from({ length: layers * directions }, (_, i) => {
      const layer = Math.floor(i / directions);
      const of = `l${layer}${i % directions ? "_reverse" : ""}`;
      return [
        { name: `weight_ih_${of}`, shape: [gates * width, layer ? directions * width : inputs], init },
        { name: `weight_hh_${of}`, shape: [gates * width, width], init },
        { name: `bias_ih_${of}`, shape: [gates * width], init },
        { name: `bias_hh_${of}`, shape: [gates * width], init },
      ];
    }).flat();
    this.#gates = gates;
    this.#layers = layers;
    this.#directions = directions;
    this.#dropout = p;
  }

  /** [batch, steps, inputs] to the states behind every step [batch, steps, width], both directions side by side. */
  bind(tensors: readonly Tensor[], at: number): Forward {
    const run = this.bindStates(tensors, at);
    return (x, mode) => run(x, mode).y;
  }

  /** As `bind`, with states to begin with and the states at the end. */
  bindStates(tensors: readonly Tensor[], at: number): RecurrentForward {
    const [layers, directions, p] = [this.#layers, this.#directions, this.#dropout];
    const one = this.#gates === 4 ? lstmSequence : gruSequence;
    const weights = Array.from({ length: layers * directions }, (_, i): LstmWeights => {
      const [wx, wh, bx, bh] = tensors.slice(4 * i, 4 * i + 4) as [Tensor, Tensor, Tensor, Tensor];
      return { wx, wh, bx, bh };
    });
    return (x, mode, start = {}) => {
      const [h, c]: [Tensor<"f32">[], Tensor<"f32">[]] = [[], []];
      // steps first, so that a step's rows lie together
      let y = permute(x, [1, 0, 2]);
      for (let layer = 0; layer < layers; layer++) {
        if (layer && p && mode.train) y = dropout(y, p, fold(mode.key, at * 64 + layer));
        const answers = Array.from({ length: directions }, (_, side) => {
          const i = layer * directions + side;
          const [h0, c0] = [start.h?.[i], start.c?.[i]];
          const from = { reverse: side === 1, ...(h0 && { h: h0 }), ...(c0 && { c: c0 }) };
          const found: { y: Tensor<"f32">; h: Tensor<"f32">; c?: Tensor<"f32"> } = one(y, weights[i]!, from);
          h.push(found.h);
          if (found.c) c.push(found.c);
          return found.y;
        });
        y = directions === 1 ? answers[0]! : concat(answers, 2);
      }
      return { y: permute(y, [1, 0, 2]), h, c };
    };
  }
}

/** PyTorch's LSTM with batch_first (Hochreiter and Schmidhuber 1997). */
export class Lstm extends Recurrent {
  constructor(inputs: number, width: number, options: RecurrentOptions = {}) {
    super(4, inputs, width, options);
  }
}

/** PyTorch's GRU with batch_first (Cho et al. 2014, arXiv 1406.1078). */
export class Gru extends Recurrent {
  constructor(inputs: number, width: number, options: RecurrentOptions = {}) {
    super(3, inputs, width, options);
  }
}
