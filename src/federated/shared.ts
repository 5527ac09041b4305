// What may leave a client. The only way to make a SharedVector is from a parameter group that is marked shared,
// so sending a specialist or a gate does not compile, nor does an object that looks like a SharedVector.
import type { Parameters, TensorSpec } from "../nn/parameters.ts";

export type { TensorSpec };

/** A copy of a shared parameter group: one flat vector and the names and shapes of its tensors. */
export class SharedVector {
  readonly values: Float32Array;
  readonly specs: readonly TensorSpec[];
  // TypeScript compares classes by their members; one that nobody else can have tells this one apart
  readonly #made: boolean = true;

  private constructor(values: Float32Array, specs: readonly TensorSpec[]) {
    this.values = values;
    this.specs = specs;
  }

  static of(parameters: Parameters<"shared">): SharedVector {
    if (parameters.group !== "shared")
      throw new TypeError(
        `SharedVector: parameter group is ${String(parameters.group)}; only shared groups leave a client`,
      );
    return new SharedVector(parameters.toArray(), parameters.specs);
  }

  /** Whether a value was made here, for those who get it from code that is not type-checked. */
  static made(value: unknown): value is SharedVector {
    return typeof value === "object" && value !== null && #made in value && value.#made;
  }
}
