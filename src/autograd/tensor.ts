// A tensor is a pointer into linear memory, a shape, and (when it came out of an op that is differentiated) its history.
// Inside a scope it lives in the arena; outside it owns a heap block that is freed when the tensor is dropped.
import { type Scope } from "../runtime/arena.ts";
import { type Engine, engine } from "../runtime/engine.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";

// pointers are shifted without sign: a memory may be larger than 2 GiB

/** Element types: single floats, 32-bit integers (labels, row numbers), bytes (pixels). */
export type DType = "f32" | "i32" | "u8";

export type Inputs = readonly (Tensor | null)[];

/** What a gradient rule may read, and thereby what is saved: inputs, output, attributes. */
export interface Context<X extends Inputs, A> {
  readonly x: X;
  readonly y: Tensor;
  readonly attrs: A;
  /** Where the engine would like the result to be written (a parameter's gradient slot), if it has a wish. */
  readonly out: Tensor | undefined;
}

/** From the gradient of the output to the gradient of one input; written in ops, so that it can be differentiated again. */
export type Vjp<X extends Inputs, A> = (g: Tensor, context: Context<X, A>) => Tensor;

/** An op whose input types have been forgotten, as history keeps it. */
export interface AnyOp {
  readonly name: string;
  readonly through?: Vjp<Inputs, unknown>;
  readonly vjp: readonly (Vjp<Inputs, unknown> | null)[];
}

let nextId = 0;
const scopes: Scope[] = [];

// heap blocks whose tensor was dropped without dispose(); tokens are the tensors themselves
const dropped = new FinalizationRegistry<{ engine: Engine; pointer: number }>((block) => {
  block.engine.heap.free(block.pointer);
});

export class Tensor {
  /** Byte address of the first element. Valid while the scope it was made in is open. */
  ptr: number;
  readonly shape: Shape;
  readonly size: number;
  readonly dtype: DType;
  /** Creation order, which is a topological order of the graph. */
  readonly id: number;
  /** Whether backward() is to reach this tensor. */
  requiresGrad = false;
  /** The gradient after backward(). */
  grad: Tensor | null = null;
  /** Where backward() writes the gradient: a parameter's part of its model's flat gradient. Null elsewhere. */
  slot: Tensor | null = null;
  /** Of a slot that few rows reach at a time: i32 [rows], 0 where the row is all zeros. */
  touched: Tensor | null = null;
  /** Of a parameter: all parameters whose slots are parts of one vector. */
  siblings: readonly Tensor[] | null = null;
  /** Of memory of its own: the id that was next when it was last written over, so that whatever used it before has a smaller one. */
  written = 0;

  /** History: the op, its inputs and attributes. Null in a leaf. */
  op: AnyOp | null = null;
  inputs: readonly (Tensor | null)[] = [];
  attrs: unknown = undefined;
  /** The gradient on its way during backward. */
  pending: Tensor | null = null;
  visited = 0;

  /** The scope whose memory this tensor lies in; null on the heap. */
  scope: Scope | null;
  /** What keeps the memory alive when this tensor is a view. */
  base: Tensor | null;

  constructor(ptr: number, shape: Shape, dtype: DType, scope: Scope | null, base: Tensor | null) {
    this.ptr = ptr;
    this.shape = shape;
    this.size = sizeOf(shape);
    this.dtype = dtype;
    this.scope = scope;
    this.base = base;
    this.id = nextId++;
  }

  /** The value of a tensor with one element. */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item: one element expected, got shape ${formatShape(this.shape)}`);
    return read(this, 0);
  }

  /** A copy of the elements in the tensor's own precision: Float32Array (Float64Array in a reference engine), Int32Array or Uint8Array. */
  toArray(): Float32Array | Float64Array | Int32Array | Uint8Array {
    checkOpen(this);
    const { memory } = engine();
    const at = this.dtype === "u8" ? this.ptr : this.ptr >>> 2;
    const view = this.dtype === "f32" ? memory.f : this.dtype === "i32" ? memory.i32 : memory.u8;
    return view.slice(at, at + this.size);
  }

  /** Overwrites the elements; the number of values must be the tensor's size. */
  set(values: ArrayLike<number>): this {
    checkOpen(this);
    if (values.length !== this.size)
      throw new RangeError(
        `set: ${this.size} values expected for shape ${formatShape(this.shape)}, got ${values.length}`,
      );
    const { memory } = engine();
    const at = this.dtype === "u8" ? this.ptr : this.ptr >>> 2;
    (this.dtype === "f32" ? memory.f : this.dtype === "i32" ? memory.i32 : memory.u8).set(values, at);
    markWritten(this);
    return this;
  }

  /** Frees a heap tensor now instead of when it is collected. Views of it are gone with it. */
  dispose(): void {
    if (this.scope || this.base || !this.ptr) return;
    dropped.unregister(this);
    engine().heap.free(this.ptr);
    this.ptr = 0;
  }

  toString(): string {
    return `Tensor(${this.dtype}${formatShape(this.shape)}${this.op ? ` from ${this.op.name}` : ""})`;
  }
}

function read(t: Tensor, index: number): number {
  checkOpen(t);
  const { memory } = engine();
  if (t.dtype === "f32") return memory.f[(t.ptr >>> 2) + index]!;
  return t.dtype === "i32" ? memory.i32[(t.ptr >>> 2) + index]! : memory.u8[t.ptr + index]!;
}

/** Throws if the memory of a tensor, or of what it is a view of, is gone or no longer what a gradient needs. */
export function checkOpen(t: Tensor): void {
  if (t.scope ? !t.scope.open : (t.base ?? t).ptr === 0)
    throw new Error(`${t}: used after ${t.scope ? "its scope ended; return it from scope() to keep it" : "dispose()"}`);
  if (overwritten !== null && overwritten.memory.includes(t.base ?? t))
    throw new Error(
      `${overwritten.op}: its gradient needs ${t}, which has been overwritten since; take the gradient before, or use a copy()`,
    );
}

/** Memory that was written over after an op had used it, which the op's gradient rule may not read. */
export interface Overwritten {
  readonly op: string;
  readonly memory: readonly Tensor[];
}

let overwritten: Overwritten | null = null;

/** Sets what may not be read and returns what it was before. */
export function setOverwritten(next: Overwritten | null): Overwritten | null {
  const before = overwritten;
  overwritten = next;
  return before;
}

/** Says of a tensor's memory that it has new contents: what every write outside an op's forward calls. */
export function markWritten(t: Tensor): void {
  (t.base ?? t).written = nextId;
}

/** A new tensor with undefined contents: in the arena inside a scope, on the heap outside. */
export function empty(shape: Shape, dtype: DType = "f32"): Tensor {
  const e = engine();
  const bytes = sizeOf(shape) * (dtype === "u8" ? 1 : 4);
  const scope = scopes.length === 0 ? null : scopes[scopes.length - 1]!;
  if (scope) return new Tensor(e.arena.alloc(bytes), shape, dtype, scope, null);
  return own(e, e.heap.alloc(bytes), shape, dtype);
}

/** A heap tensor, even inside a scope: for what outlives steps. */
export function persistent(shape: Shape, dtype: DType = "f32"): Tensor {
  const e = engine();
  return own(e, e.heap.alloc(sizeOf(shape) * (dtype === "u8" ? 1 : 4)), shape, dtype);
}

function own(e: Engine, pointer: number, shape: Shape, dtype: DType): Tensor {
  const t = new Tensor(pointer, shape, dtype, null, null);
  dropped.register(t, { engine: e, pointer }, t);
  return t;
}

/** A tensor over part of another's memory, `offset` elements in. */
export function view(of: Tensor, offset: number, shape: Shape): Tensor {
  const width = of.dtype === "u8" ? 1 : 4;
  return new Tensor(of.ptr + offset * width, shape, of.dtype, of.scope, of.base ?? of);
}

/**
 * A tensor from values.
 * @param shape defaults to one axis of as many values
 */
export function tensor(values: ArrayLike<number> | number, shape?: Shape, dtype: DType = "f32"): Tensor {
  const list = typeof values === "number" ? [values] : values;
  const wanted = checkShape("tensor", shape ?? (typeof values === "number" ? [] : [list.length]));
  if (sizeOf(wanted) !== list.length)
    throw new RangeError(
      `tensor: shape ${formatShape(wanted)} has ${sizeOf(wanted)} elements, got ${list.length} values`,
    );
  return empty(wanted, dtype).set(list);
}

/**
 * Runs `fn` so that every tensor it makes is gone when it returns, except the tensors it returns (alone, in an array or
 * in a plain object), which move to the surrounding scope or the heap and lose their history.
 */
export function scope<T>(fn: () => T): T {
  const e = engine();
  const mine = e.arena.begin();
  scopes.push(mine);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    scopes.pop();
    e.arena.end(mine);
    throw error;
  }
  scopes.pop();
  if (typeof result === "object" && result !== null) {
    if (typeof (result as { then?: unknown }).then === "function") {
      e.arena.end(mine);
      throw new TypeError(
        "scope: the function returned a promise; a scope ends when its function returns, so it must be synchronous",
      );
    }
    return keep(e, mine, result);
  }
  e.arena.end(mine);
  return result;
}

/** Whether a scope is open, so that new tensors are temporary. */
export function inScope(): boolean {
  return scopes.length > 0;
}

// returned tensors leave through the heap, and come back into the outer scope's arena after this one is reset
function keep<T>(e: Engine, mine: Scope, result: T): T {
  const found: Tensor[] = [];
  const collect = (value: unknown): void => {
    if (value instanceof Tensor) {
      if (value.scope === mine && !found.includes(value)) found.push(value);
    } else if (Array.isArray(value)) value.forEach(collect);
    else if (value && Object.getPrototypeOf(value) === Object.prototype) Object.values(value).forEach(collect);
  };
  collect(result);
  const width = (t: Tensor): number => t.size * (t.dtype === "u8" ? 1 : 4);
  const outer = scopes.length === 0 ? null : scopes[scopes.length - 1]!;
  const blocks = found.map((t) => {
    const pointer = e.heap.alloc(width(t));
    copyElements(e, t, pointer);
    return pointer;
  });
  e.arena.end(mine);
  found.forEach((t, i) => {
    t.ptr = blocks[i]!;
    t.scope = outer;
    // a view has left what it was a view of
    t.base = null;
    t.op = null;
    t.inputs = [];
    t.requiresGrad = false;
    if (outer) {
      const pointer = e.arena.alloc(width(t));
      copyElements(e, t, pointer);
      e.heap.free(t.ptr);
      t.ptr = pointer;
    } else dropped.register(t, { engine: e, pointer: t.ptr }, t);
  });
  return result;
}

function copyElements(e: Engine, from: Tensor, to: number): void {
  const { memory } = e;
  if (from.dtype === "f32") memory.f.copyWithin(to >>> 2, from.ptr >>> 2, (from.ptr >>> 2) + from.size);
  else memory.u8.copyWithin(to, from.ptr, from.ptr + from.size * (from.dtype === "u8" ? 1 : 4));
}
