// The layers of the paper's networks.
import { BELOW_ONE, checkOptions } from "../runtime/options.ts";
import { conv2d } from "../autograd/ops/conv2d.ts";
import { dropout } from "../autograd/ops/dropout.ts";
import { linear } from "../autograd/ops/matmul.ts";
import { maxPool2d } from "../autograd/ops/maxPool2d.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fold } from "../runtime/random.ts";
import { fanInUniform } from "./init.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";

/** Y = X W^T + b, optionally through ReLU in the same pass. X [batch, inputs] or anything that flattens to it. */
export class Linear implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  /** Numbers of a row that it takes. */
  readonly inputs: number;
  /** Numbers of a row that it gives. */
  readonly outputs: number;
  /** Whether max(0, .) comes behind it. */
  readonly relu: boolean;

  constructor(inputs: number, outputs: number, { relu = false }: { relu?: boolean } = {}) {
    const init = fanInUniform(inputs);
    this.specs = [
      { name: "weight", shape: [outputs, inputs], init },
      { name: "bias", shape: [outputs], init },
    ];
    this.inputs = inputs;
    this.outputs = outputs;
    this.relu = relu;
  }

  bind(tensors: readonly Tensor[]): Forward {
    const [w, b] = tensors as readonly [Tensor, Tensor];
    const options = { relu: this.relu };
    const inputs = this.inputs;
    return (x) => linear(x.shape.length === 2 ? x : reshape(x, [-1, inputs]), w, b, options);
  }
}

/**
 * Convolution with square kernels, [batch, inputs, h, w] to [batch, outputs, h', w'], by kernels that every page carries. Of 3x3 kernels
 * with 16 channels or more on both sides `Convolution` takes a half to a third of the time.
 */
export class Conv2d implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: { stride: number; pad: number; relu: boolean };

  constructor(
    inputs: number,
    outputs: number,
    kernel: number,
    { stride = 1, pad = 0, relu = false }: { stride?: number; pad?: number; relu?: boolean } = {},
  ) {
    const init = fanInUniform(inputs * kernel * kernel);
    this.specs = [
      { name: "weight", shape: [outputs, inputs, kernel, kernel], init },
      { name: "bias", shape: [outputs], init },
    ];
    this.#options = { stride, pad, relu };
  }

  bind(tensors: readonly Tensor[]): Forward {
    const [w, b] = tensors as readonly [Tensor, Tensor];
    const options = this.#options;
    return (x) => conv2d(x, w, b, options);
  }
}

/** The largest value of each window; with `relu` also max(0, .), which is cheaper here than in front of the pool. */
export class MaxPool2d implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[] = [];
  readonly #options: { kernel: number; stride: number; relu: boolean };

  constructor(kernel: number, { stride = kernel, relu = false }: { stride?: number; relu?: boolean } = {}) {
    this.#options = { kernel, stride, relu };
  }

  bind(): Forward {
    const options = this.#options;
    return (x) => maxPool2d(x, options);
  }
}

/** Zeroes activations with probability p while training; does nothing in evaluation. */
export class Dropout implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[] = [];
  readonly #p: number;

  constructor(p = 0.5) {
    checkOptions("Dropout", { p }, { p: BELOW_ONE });
    this.#p = p;
  }

  bind(_: readonly Tensor[], at: number): Forward {
    const p = this.#p;
    return (x, mode) => (mode.train ? dropout(x, p, fold(mode.key, at)) : x);
  }
}
