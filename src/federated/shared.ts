// What may leave a client. The only way to make a SharedVector is from a parameter group that is marked shared,
// so sending a specialist or a gate does not compile, nor does an object that looks like a SharedVector; and neither
// passes at run time.
import { Parameters, type TensorSpec } from "../nn/parameters.ts";

export type { TensorSpec };

// a constructor is private to the compiler only
const HERE = Symbol("SharedVector.of");

/** A copy of a shared parameter group: one flat vector and the names and shapes of its tensors. Nobody can change it. */
export class SharedVector {
  readonly specs: readonly TensorSpec[];
  readonly #values: Float32Array;

  private constructor(made: symbol, values: Float32Array, specs: readonly TensorSpec[]) {
    if (made !== HERE) throw new TypeError("SharedVector: made by SharedVector.of only");
    this.#values = values;
    this.specs = Object.freeze(
      specs.map(({ name, shape }) => Object.freeze({ name, shape: Object.freeze([...shape]) })),
    );
  }

  static of(parameters: Parameters<"shared">): SharedVector {
    if (!(parameters instanceof Parameters))
      throw new TypeError("SharedVector: got something else than Parameters; only a model's parameters leave a client");
    if (parameters.group !== "shared")
      throw new TypeError(
        `SharedVector: parameter group is ${String((parameters as Parameters).group)}; only shared groups leave a client`,
      );
    return new SharedVector(HERE, parameters.toArray(), parameters.specs);
  }

  /** A copy of the values. */
  get values(): Float32Array {
    return this.#values.slice();
  }

  /** Whether a value was made here, for those who get it from code that is not type-checked. */
  static made(value: unknown): value is SharedVector {
    return typeof value === "object" && value !== null && #values in value;
  }
}
