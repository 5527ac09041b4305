// A model's state is one flat vector with named, shaped views: averaging is a weighted sum, the optimiser one kernel
// call, copying a model one memcpy. A group is shared (it may leave the client) or private (it cannot).
import { copyInto } from "../autograd/ops/copy.ts";
import { fillInto } from "../autograd/ops/fill.ts";
import { persistent, type Tensor, view } from "../autograd/tensor.ts";
import { checkFinite } from "./finite.ts";
import { formatShape, sameShape, type Shape, sizeOf } from "../autograd/shape.ts";

/** Name and shape of one parameter. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: Shape;
  /** A table of which a batch reaches few rows: its gradient keeps track of which. */
  readonly table?: boolean;
}

export type Group = "shared" | "private";

export class Parameters<G extends Group = Group> {
  readonly group: G;
  readonly specs: readonly TensorSpec[];
  /** The whole state, [size]. */
  readonly values: Tensor;
  /** Gradients in the same layout, 0 in rows of a table that are not marked as touched; null in a frozen block. */
  readonly gradient: Tensor | null;
  /** One view per spec, with its gradient slot. */
  readonly tensors: readonly Tensor[];

  /** @param trainable a frozen block has no gradient, and backward never reaches it */
  constructor(specs: readonly TensorSpec[], group: G, { trainable = true }: { trainable?: boolean } = {}) {
    this.group = group;
    this.specs = specs;
    const size = specs.reduce((n, spec) => n + sizeOf(spec.shape), 0);
    this.values = persistent([size]);
    this.gradient = trainable ? fillInto(persistent([size]), 0) : null;
    let offset = 0;
    this.tensors = specs.map(({ shape, table = false }) => {
      const t = view(this.values, offset, shape);
      if (this.gradient) {
        t.requiresGrad = true;
        t.slot = view(this.gradient, offset, shape);
        if (table) t.slot.touched = persistent([shape[0]!], "i32").set(new Int32Array(shape[0]!));
      }
      offset += sizeOf(shape);
      return t;
    });
  }

  /** The number of parameters. */
  get size(): number {
    return this.values.size;
  }

  /** A copy of the flat vector. */
  toArray(): Float32Array {
    return this.values.toArray() as Float32Array;
  }

  /** Overwrites the state with another block's or a flat vector's; sizes must be equal. */
  copyFrom(source: Parameters | ArrayLike<number>): this {
    const length = source instanceof Parameters ? source.size : source.length;
    if (length !== this.size)
      throw new RangeError(`parameters: ${this.size} values expected, got ${length}; the models differ`);
    if (source instanceof Parameters) copyInto(this.values, source.values);
    else this.values.set(source);
    return this;
  }

  /** Overwrites those parameters that another block has too, by name and shape. */
  copyMatching(source: Parameters): this {
    for (const [i, { name, shape }] of this.specs.entries()) {
      const at = source.specs.findIndex((spec) => spec.name === name && sameShape(spec.shape, shape));
      if (at >= 0) copyInto(this.tensors[i]!, source.tensors[at]!);
    }
    return this;
  }

  /** Copies by name, for files and messages. */
  toRecord(): Record<string, { shape: Shape; data: Float32Array }> {
    return Object.fromEntries(
      this.specs.map(({ name, shape }, i) => [name, { shape, data: this.tensors[i]!.toArray() as Float32Array }]),
    );
  }

  /** Overwrites the state from tensors by name; every name must be there with its shape and finite values. */
  fromRecord(record: Readonly<Record<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>>): this {
    const checked = this.specs.map(({ name, shape }) => {
      const found = record[name];
      if (!found) throw new RangeError(`parameters: ${name} is missing, got ${Object.keys(record).join(", ")}`);
      if (formatShape(found.shape) !== formatShape(shape))
        throw new RangeError(`parameters: ${name}, got ${formatShape(found.shape)}, expected ${formatShape(shape)}`);
      checkFinite("parameters", name, found.data);
      return found.data;
    });
    checked.forEach((data, i) => this.tensors[i]!.set(data));
    return this;
  }

  /** Frees the memory now; the block must not be used any more. */
  dispose(): void {
    this.values.dispose();
    this.gradient?.dispose();
    for (const { slot } of this.tensors) slot?.touched?.dispose();
  }
}
