// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167) over the rows of [rows, width].
import { add } from "../autograd/ops/add.ts";
import { affine, div, mul, sub } from "../autograd/ops/arithmetic.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { mean } from "../autograd/ops/sum.ts";
import { sqrt, square } from "../autograd/ops/unary.ts";
import { noGrad } from "../autograd/op.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { constant } from "./init.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";

const MOMENTUM = 0.1;
const EPS = 1e-5;

/**
 * PyTorch's BatchNorm1d: in training by the batch's own mean and variance, in evaluation by their running means, which are
 * part of the state and travel with it. A batch of one row has no spread and is normalised as in evaluation.
 */
export class BatchNorm implements Module {
  readonly specs: readonly ParameterSpec[];

  constructor(width: number) {
    this.specs = [
      { name: "weight", shape: [width], init: constant(1) },
      { name: "bias", shape: [width], init: constant(0) },
      { name: "running_mean", shape: [width], init: constant(0), statistic: true },
      { name: "running_var", shape: [width], init: constant(1), statistic: true },
    ];
  }

  bind(tensors: readonly Tensor[]): Forward {
    const [weight, bias, runningMean, runningVariance] = tensors as readonly [Tensor, Tensor, Tensor, Tensor];
    const blend = (running: Tensor, now: Tensor, scale: number): void =>
      noGrad(() => copyInto(running, add(mul(running, 1 - MOMENTUM), mul(now, MOMENTUM * scale))));
    return (x, mode) => {
      const rows = x.shape[0]!;
      const own = mode.train && rows > 1;
      const centre = own ? mean(x, { axis: 0 }) : runningMean;
      const apart = sub(x, centre);
      const variance = own ? mean(square(apart), { axis: 0 }) : runningVariance;
      if (own) {
        blend(runningMean, centre, 1);
        // the running variance is the unbiased one
        blend(runningVariance, variance, rows / (rows - 1));
      }
      return add(mul(div(apart, sqrt(affine(variance, 1, EPS))), weight), bias);
    };
  }
}
