// A model's state is one flat vector with named, shaped views: averaging is a weighted sum, the optimiser one kernel
// call, copying a model one memcpy. A group is shared (it may leave the client) or private (it cannot).
import { sweepsSoFar } from "../autograd/backward.ts";
import { noGrad } from "../autograd/op.ts";
import { addInto } from "../autograd/ops/add.ts";
import { affine } from "../autograd/ops/arithmetic.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { clearSlot, touchAll } from "../autograd/ops/embedding.ts";
import { fillInto } from "../autograd/ops/fill.ts";
import { named, persistent, scope, type Tensor, view } from "../autograd/tensor.ts";
import { checkShape, formatShape, sameShape, type Shape, sizeOf } from "../autograd/shape.ts";
import { checkFinite } from "./finite.ts";

/** Name and shape of one parameter. */
export interface TensorSpec {
  /** As state dicts call it. */
  readonly name: string;
  /** Sizes of its axes. */
  readonly shape: Shape;
  /** A table of which a batch reaches few rows: its gradient keeps track of which. */
  readonly table?: boolean;
  /** Measured while training rather than learnt: part of the state, without a gradient, and no optimiser moves it. */
  readonly statistic?: boolean;
}

/** Which parameters, by name. */
export type Part = (name: string) => boolean;

/** A model's numbers, or a part of them: single precision, or double on a reference engine. */
export type Vector = Float32Array | Float64Array;

/** Whether parameters may leave their client. */
export type Group = "shared" | "private";

/** A model's parameters in one block, with a named view for each. */
export class Parameters<G extends Group = Group> {
  /** Whether they may leave their client. */
  readonly group: G;
  /** What they are, in the order of the block. */
  readonly specs: readonly TensorSpec[];
  /** The whole state, [size]. */
  readonly values: Tensor<"f32">;
  /** One view per spec, with its gradient slot. */
  readonly tensors: readonly Tensor<"f32">[];
  readonly #gradient: Tensor<"f32"> | null;
  // after which backward() a step has used the gradient up, -1 if none has
  #spent = -1;

  /** @param trainable a frozen block has no gradient, and backward never reaches it */
  constructor(specs: readonly TensorSpec[], group: G, { trainable = true }: { trainable?: boolean } = {}) {
    this.group = group;
    this.specs = specs;
    const size = specs.reduce((n, { name, shape }) => n + checkShape(`parameters: ${name}`, shape), 0);
    this.values = persistent([size]);
    this.#gradient = trainable ? fillInto(persistent([size]), 0) : null;
    let offset = 0;
    this.tensors = specs.map(({ shape, table = false, statistic = false }) => {
      const t = view(this.values, offset, shape);
      if (this.#gradient && !statistic) {
        t.requiresGrad = true;
        t.slot = view(this.#gradient, offset, shape);
        if (table) t.slot.touched = persistent([shape[0]!], "i32").set(new Int32Array(shape[0]!));
      }
      offset += sizeOf(shape);
      return t;
    });
    const learnt = this.tensors.filter(({ slot }) => slot);
    for (const t of learnt) t.siblings = learnt;
  }

  /**
   * The gradient of the last backward() in the layout of the state: 0 where its scalar does not depend on a parameter. It
   * may be scaled in place; what is added goes through `addGradient`. Null in a frozen block.
   */
  get gradient(): Tensor<"f32"> | null {
    // used up, and a backward() since then has passed this block by
    if (this.#spent >= 0 && this.#spent !== sweepsSoFar()) {
      this.#spent = -1;
      for (const { slot, grad } of this.tensors) if (slot && grad === null) clearSlot(slot);
    }
    return this.#gradient;
  }

  /**
   * Says that a step has used the gradient up: before the next backward() those parameters have none.
   * @param of by position, all unless said
   */
  spendGradient(of?: readonly boolean[]): void {
    const { tensors } = this;
    for (let i = 0; i < tensors.length; i++) if (!of || of[i]) tensors[i]!.grad = null;
    this.#spent = sweepsSoFar();
  }

  /** The number of parameters. */
  get size(): number {
    return this.values.size;
  }

  /** A copy of the flat vector; in this memory, if it has just the size. */
  toArray(memory?: ArrayBuffer): Float32Array {
    return this.values.toArray(memory);
  }

  /** A copy of those parameters, flat, in the order of the whole. */
  read(part: Part): Float32Array {
    const values = this.toArray();
    let [from, to] = [0, 0];
    for (const [i, { size }] of this.tensors.entries()) {
      if (part(this.specs[i]!.name)) {
        values.copyWithin(to, from, from + size);
        to += size;
      }
      from += size;
    }
    return values.slice(0, to);
  }

  /** Overwrites those parameters by what `read` gave of them; the rest stays. */
  write(part: Part, values: Vector): this {
    const chosen = this.tensors.filter((_, i) => part(this.specs[i]!.name));
    const size = chosen.reduce((n, t) => n + t.size, 0);
    if (values.length !== size)
      throw new RangeError(`parameters: ${size} values expected, got ${values.length}; the models differ`);
    let at = 0;
    for (const t of chosen) t.set(values.subarray(at, (at += t.size)));
    return this;
  }

  /**
   * Adds `scale` times a vector [size] to the gradient between backward() and an optimiser's step: a proximal term, a
   * control variate. From then on every parameter counts as reached, and so does every row of a table.
   * @param to by position, those with a 1; all unless said
   */
  addGradient(of: Tensor, scale = 1, to?: ArrayLike<number>): this {
    this.#trained("addGradient");
    if (of.size !== this.size)
      throw new RangeError(`addGradient: got ${named(of)}, expected [${this.size}], a number for each parameter`);
    let at = 0;
    for (const [i, t] of this.tensors.entries()) {
      // statistics have no gradient
      if (t.slot && (!to || to[i])) {
        if (t.grad === null) clearSlot(t.slot);
        t.grad = t.slot;
        touchAll(t.slot);
        addInto(t.slot, view(of, at, t.shape), scale);
      }
      at += t.size;
    }
    return this;
  }

  /** Multiplies the gradient of the last backward(), before the optimiser's step. */
  scaleGradient(by: number): this {
    const gradient = this.#trained("scaleGradient");
    scope(() => noGrad(() => copyInto(gradient, affine(gradient, by, 0))));
    return this;
  }

  #trained(op: string): Tensor<"f32"> {
    const { gradient } = this;
    if (!gradient) throw new TypeError(`${op}: got a frozen block, which has no gradient; make it trainable`);
    return gradient;
  }

  /** Overwrites the state with another block's or a flat vector's; sizes must be equal, and private stays private. */
  copyFrom(source: Parameters | ArrayLike<number>): this {
    if (source instanceof Parameters) this.#mayHold(source);
    const length = source instanceof Parameters ? source.size : source.length;
    if (length !== this.size)
      throw new RangeError(`parameters: ${this.size} values expected, got ${length}; the models differ`);
    if (source instanceof Parameters) copyInto(this.values, source.values);
    else this.values.set(source);
    return this;
  }

  /** Overwrites those parameters that another block has too, by name and shape. */
  copyMatching(source: Parameters): this {
    this.#mayHold(source);
    for (const [i, { name, shape }] of this.specs.entries()) {
      const at = source.specs.findIndex((spec) => spec.name === name && sameShape(spec.shape, shape));
      if (at >= 0) copyInto(this.tensors[i]!, source.tensors[at]!);
    }
    return this;
  }

  // the label is on the block, not on the numbers: numbers may move where the label holds for them
  #mayHold(source: Parameters): void {
    if (this.group === "shared" && source.group === "private")
      throw new TypeError(
        "parameters: a private group into a shared one, which may leave the client; share what was trained as shared",
      );
  }

  /** Copies by name, for files and messages. */
  toRecord(): Record<string, { shape: Shape; data: Float32Array }> {
    return Object.fromEntries(
      this.specs.map(({ name, shape }, i) => [name, { shape, data: this.tensors[i]!.toArray() }]),
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
    this.#gradient?.dispose();
    for (const { slot } of this.tensors) slot?.touched?.dispose();
  }
}
