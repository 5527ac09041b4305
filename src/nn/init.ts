// How parameters begin.
import { checkOptions, FINITE, NOT_NEGATIVE } from "../runtime/options.ts";
import { fillInto, normalInto, uniformInto } from "../autograd/ops/fill.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Key } from "../runtime/random.ts";

/** Overwrites a parameter with its first values, which depend on the key alone. */
export type Initializer = (parameter: Tensor, key: Key) => void;

/**
 * PyTorch's default for linear and convolution layers, weights and biases alike: uniform in +-1/sqrt(fanIn), which is
 * kaiming_uniform_(a = sqrt 5) of He et al. 2015.
 */
export function fanInUniform(fanIn: number): Initializer {
  checkOptions("init", { fanIn }, { fanIn: NOT_NEGATIVE });
  const bound = 1 / Math.sqrt(fanIn);
  return (parameter, key) => void uniformInto(parameter, -bound, bound, key);
}

/** Normal with mean 0: PyTorch's default for embeddings with std 1. */
export function gaussian(std: number): Initializer {
  checkOptions("init", { std }, { std: NOT_NEGATIVE });
  return (parameter, key) => void normalInto(parameter, 0, std, key);
}

/** One value everywhere. */
export function constant(value: number): Initializer {
  checkOptions("init", { value }, { value: FINITE });
  return (parameter) => void fillInto(parameter, value);
}
