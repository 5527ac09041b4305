// Low-rank adapters (Hu et al. 2021, arXiv 2106.09685): a layer that stays as it is, and a small product beside it that learns.
import { add } from "../autograd/ops/add.ts";
import { affine } from "../autograd/ops/arithmetic.ts";
import { linear } from "../autograd/ops/matmul.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { constant, fanInUniform } from "./init.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";

/** How much a layer may learn beside what is frozen. */
export interface LoraOptions {
  /** Columns of the two factors. */
  readonly rank?: number;
  /** The product counts alpha / rank. */
  readonly alpha?: number;
}

/**
 * Y = X W^T + b + alpha / rank X A^T B^T with W and b fixed and B zero at first, so that it begins as the layer it adapts.
 * W and b have a Linear's names, so that `parameters.copyMatching` takes them from a trained net; no optimiser moves them.
 * X [batch, inputs] or anything that flattens to it.
 */
export class LoraLinear implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #inputs: number;
  readonly #scale: number;

  constructor(inputs: number, outputs: number, { rank = 4, alpha = rank }: LoraOptions = {}) {
    if (!(Number.isInteger(rank) && rank >= 1))
      throw new RangeError(`LoraLinear: got rank ${rank}, expected at least 1`);
    const init = fanInUniform(inputs);
    this.specs = [
      { name: "weight", shape: [outputs, inputs], init, statistic: true },
      { name: "bias", shape: [outputs], init, statistic: true },
      { name: "lora_a", shape: [rank, inputs], init },
      { name: "lora_b", shape: [outputs, rank], init: constant(0) },
    ];
    this.#inputs = inputs;
    this.#scale = alpha / rank;
  }

  bind(tensors: readonly Tensor[]): Forward {
    const [w, b, down, up] = tensors as readonly [Tensor, Tensor, Tensor, Tensor];
    const [inputs, scale] = [this.#inputs, this.#scale];
    return (x) => {
      const rows = x.shape.length === 2 ? x : reshape(x, [-1, inputs]);
      return add(linear(rows, w, b), affine(linear(linear(rows, down, null), up, null), scale, 0));
    };
  }
}
