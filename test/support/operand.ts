import type { Shape } from "../../src/autograd/shape.ts";
import type { DType } from "../../src/autograd/tensor.ts";

/** A tensor as its values, which can be changed, sent elsewhere and made in any engine. */
export interface Operand {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly values: readonly number[];
}
