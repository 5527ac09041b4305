// Normalisation as layers, with PyTorch's names and first values.
import { batchNorm, groupNorm, layerNorm, type NormOptions, trackMoments } from "../autograd/ops/normalize.ts";
import type { Shape } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { constant } from "./init.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";

type Values = Tensor<"f32">;

const affine = (shape: Shape): ParameterSpec[] => [
  { name: "weight", shape, init: constant(1) },
  { name: "bias", shape, init: constant(0) },
];

/**
 * PyTorch's BatchNorm1d and BatchNorm2d (Ioffe and Szegedy 2015, arXiv 1502.03167), for [rows, width] and
 * [batch, width, ...]: in training by the batch's own mean and variance, in evaluation by their running means, which are
 * part of the state and travel with it. A batch of one element for each channel has no spread and is normalised as in
 * evaluation.
 */
export class BatchNorm implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: Required<NormOptions>;
  readonly #momentum: number;

  /** @param momentum how far a batch moves the running means */
  constructor(width: number, { eps = 1e-5, momentum = 0.1 }: NormOptions & { momentum?: number } = {}) {
    if (!(momentum >= 0 && momentum <= 1))
      throw new RangeError(`BatchNorm: momentum, got ${momentum}, expected a number from 0 to 1`);
    this.specs = [
      ...affine([width]),
      { name: "running_mean", shape: [width], init: constant(0), statistic: true },
      { name: "running_var", shape: [width], init: constant(1), statistic: true },
    ];
    this.#options = { eps };
    this.#momentum = momentum;
  }

  bind(tensors: readonly Tensor[]): Forward {
    const [weight, bias, runningMean, runningVariance] = tensors as readonly [Tensor, Tensor, Values, Values];
    const options = this.#options;
    const momentum = this.#momentum;
    const running = { mean: runningMean, variance: runningVariance };
    return (x, mode) => {
      const count = x.size / weight.size;
      if (!mode.train || count < 2) return batchNorm(x, weight, bias, { ...options, given: running }).y;
      const { y, ...moments } = batchNorm(x, weight, bias, options);
      trackMoments(running, moments, momentum, count);
      return y;
    };
  }
}

/** Layer normalisation (Ba et al. 2016, arXiv 1607.06450) over the last axes. */
export class LayerNorm implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: NormOptions & { axes: number };

  /** @param shape of the axes that are normalised, or the size of the last one */
  constructor(shape: number | Shape, options: NormOptions = {}) {
    const axes = typeof shape === "number" ? [shape] : shape;
    this.specs = affine(axes);
    this.#options = { ...options, axes: axes.length };
  }

  bind([weight, bias]: readonly Tensor[]): Forward {
    const options = this.#options;
    return (x) => layerNorm(x, weight!, bias!, options);
  }
}

/** Group normalisation (Wu and He 2018, arXiv 1803.08494) of [batch, channels, ...]; as many groups as channels are instances. */
export class GroupNorm implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #groups: number;
  readonly #options: NormOptions;

  constructor(groups: number, channels: number, options: NormOptions = {}) {
    this.specs = affine([channels]);
    this.#groups = groups;
    this.#options = options;
  }

  bind([weight, bias]: readonly Tensor[]): Forward {
    const [groups, options] = [this.#groups, this.#options];
    return (x) => groupNorm(x, groups, weight!, bias!, options);
  }
}
