// What may leave a client. The only way to make a SharedVector is from a parameter group that is marked shared,
// so sending a specialist or a gate does not compile.
import type { Parameters, TensorSpec } from "../nn/parameters.ts";

export type { TensorSpec };

/** A copy of a shared parameter group: one flat vector and the names and shapes of its tensors. */
export class SharedVector {
  readonly values: Float32Array;
  readonly specs: readonly TensorSpec[];

  private constructor(values: Float32Array, specs: readonly TensorSpec[]) {
    this.values = values;
    this.specs = specs;
  }

  static of(parameters: Parameters<"shared">): SharedVector {
    if (parameters.group !== "shared")
      throw new TypeError(`SharedVector: parameter group is ${String(parameters.group)}; only shared groups leave a client`);
    return new SharedVector(parameters.toArray(), parameters.specs);
  }
}
