// Convolutions with sizes for each axis, dilation and groups. `Conv2d` in layers.ts is the one without, whose kernels
// every page carries.
import { convolve, type ConvolveOptions } from "../autograd/ops/convolve.ts";
import { convolveTransposed, type ConvolveTransposedOptions } from "../autograd/ops/convolveTransposed.ts";
import type { PerAxis } from "../autograd/ops/window.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fanInUniform } from "./init.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";

/** Whether there is a bias, which a normalisation behind the layer would take away again. */
interface Biased {
  readonly bias?: boolean;
}

const both = (size: PerAxis): readonly number[] => (typeof size === "number" ? [size, size] : size);

function specsOf(shape: readonly number[], outputs: number, bias: boolean): ParameterSpec[] {
  const init = fanInUniform(shape.slice(1).reduce((n, size) => n * size, 1));
  const specs: ParameterSpec[] = [{ name: "weight", shape, init }];
  if (bias) specs.push({ name: "bias", shape: [outputs], init });
  return specs;
}

/** PyTorch's Conv2d: [batch, inputs, h, w] to [batch, outputs, h', w']. As many groups as channels make it depthwise. */
export class Convolution implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: ConvolveOptions;

  constructor(
    inputs: number,
    outputs: number,
    kernel: PerAxis,
    { bias = true, ...options }: ConvolveOptions & Biased = {},
  ) {
    this.specs = specsOf([outputs, inputs / (options.groups ?? 1), ...both(kernel)], outputs, bias);
    this.#options = options;
  }

  bind([w, b]: readonly Tensor[]): Forward {
    const options = this.#options;
    return (x) => convolve(x, w!, b ?? null, options);
  }
}

/** PyTorch's Conv1d: [batch, inputs, length] to [batch, outputs, length']. */
export class Conv1d implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: ConvolveOptions;

  constructor(
    inputs: number,
    outputs: number,
    kernel: number,
    { bias = true, ...options }: ConvolveOptions & Biased = {},
  ) {
    this.specs = specsOf([outputs, inputs / (options.groups ?? 1), kernel], outputs, bias);
    this.#options = options;
  }

  bind([w, b]: readonly Tensor[]): Forward {
    const options = this.#options;
    return (x) => convolve(x, w!, b ?? null, options);
  }
}

/** PyTorch's ConvTranspose2d: [batch, inputs, h, w] to [batch, outputs, h', w'], h' about stride times h. */
export class ConvTranspose2d implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #options: ConvolveTransposedOptions;

  constructor(
    inputs: number,
    outputs: number,
    kernel: PerAxis,
    { bias = true, ...options }: ConvolveTransposedOptions & Biased = {},
  ) {
    this.specs = specsOf([inputs, outputs / (options.groups ?? 1), ...both(kernel)], outputs, bias);
    this.#options = options;
  }

  bind([w, b]: readonly Tensor[]): Forward {
    const options = this.#options;
    return (x) => convolveTransposed(x, w!, b ?? null, options);
  }
}
