// A tensor is a pointer into linear memory, a shape, and (when it came out of an op that is differentiated) its history.
// Inside a scope it lives in the arena; outside it owns a heap block that is freed when the tensor is dropped. What a scope
// hands out stays outside linear memory until an op wants it: the collector can then free it while a loop runs, which it
// cannot do with a heap block.
import { type Scope } from "../runtime/arena.ts";
import { tellCollector } from "../runtime/collector.ts";
import { type Engine, engine } from "../runtime/engine.ts";
import { wordAt } from "../runtime/memory.ts";
import { checkElements, type DType, type Elements, type ElementsOf, widthOf } from "./dtype.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";

export type { DType };

export type Inputs = readonly (Tensor | null)[];

/** What a gradient rule may read, and thereby what is saved: inputs, output, attributes. */
export interface Context<X extends Inputs, A> {
  readonly x: X;
  readonly y: Tensor;
  /** What the op was told besides its inputs. */
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

// how Node, Deno and Bun ask for a value in print
const inspect: symbol = Symbol.for("nodejs.util.inspect.custom");
const NO_INPUTS: Inputs = [];
let nextId = 0;
const scopes: Scope[] = [];

// heap blocks whose tensor was dropped without dispose(); tokens are the tensors themselves
const dropped = new FinalizationRegistry<{ engine: Engine; pointer: number }>((block) => {
  block.engine.heap.free(block.pointer);
});

/**
 * Numbers of one kind in linear memory, and how they came to be.
 * @typeParam D its element type, where it is known: what an op gives back is f32 unless its declaration says otherwise
 */
export class Tensor<D extends DType = DType> {
  /** Byte address of the first element; 0 when the tensor is away, or gone. Read it through `ptr`. */
  declare address: number;
  /** The elements while they are outside linear memory. */
  declare away: Elements | null;
  /** Sizes of its axes. */
  declare readonly shape: Shape;
  /** How many elements it has. */
  declare readonly size: number;
  /** What its elements are: f32, i32 or u8. */
  declare readonly dtype: D;
  /** Creation order, which is a topological order of the graph. */
  declare readonly id: number;
  /** Whether backward() is to reach this tensor. */
  declare requiresGrad: boolean;
  /** The gradient after backward(). */
  declare grad: Tensor<"f32"> | null;
  /** Where backward() writes the gradient: a parameter's part of its model's flat gradient. Null elsewhere. */
  declare slot: Tensor<"f32"> | null;
  /** Of a slot that few rows reach at a time: i32 [rows], 0 where the row is all zeros. */
  declare touched: Tensor<"i32"> | null;
  /** Of a parameter: all parameters whose slots are parts of one vector. */
  declare siblings: readonly Tensor[] | null;
  /** Of memory of its own: the id that was next when it was last written over, so that whatever used it before has a smaller one. */
  declare written: number;

  /** History: the op, its inputs and attributes. Null in a leaf. */
  declare op: AnyOp | null;
  /** What the op that made it had as inputs; none in a leaf. */
  declare inputs: Inputs;
  /** What that op was told besides. */
  declare attrs: unknown;
  /** The gradient on its way during backward. */
  declare pending: Tensor | null;
  /** The walk back through the graph that last met it. */
  declare visited: number;

  /** The scope whose memory this tensor lies in; null on the heap. */
  declare scope: Scope | null;
  /** What keeps the memory alive when this tensor is a view. */
  declare base: Tensor | null;

  constructor(address: number, shape: Shape, size: number, dtype: D, scope: Scope | null, base: Tensor | null) {
    // all in one place: fields that initialise themselves are a call for every tensor
    this.address = address;
    this.away = null;
    this.shape = shape;
    this.size = size;
    this.dtype = dtype;
    this.id = nextId++;
    this.requiresGrad = false;
    this.grad = null;
    this.slot = null;
    this.touched = null;
    this.siblings = null;
    this.written = 0;
    this.op = null;
    this.inputs = NO_INPUTS;
    this.attrs = undefined;
    this.pending = null;
    this.visited = 0;
    this.scope = scope;
    this.base = base;
  }

  /** Byte address of the first element, which does not change while the tensor can be used. Throws if its memory is gone. */
  get ptr(): number {
    const at = elsewhere === null ? 0 : elsewhere(this);
    if (at) return at;
    if (this.scope ? !this.scope.open : (this.base ?? this).address === 0) {
      checkOpen(this);
      bringBack(this);
    }
    return this.address;
  }

  /** The value of a tensor with one element. */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item: one element expected, got shape ${formatShape(this.shape)}`);
    checkOpen(this);
    return this.away ? this.away[0]! : memoryOf(this)[indexOf(this)]!;
  }

  /**
   * A copy of the elements in the tensor's own precision: Float32Array (Float64Array in a reference engine), Int32Array or Uint8Array.
   * @param memory for the copy, if it has just the size, where a new piece for each copy would be too many
   */
  toArray(memory?: ArrayBuffer): ElementsOf<D> {
    checkOpen(this);
    const at = this.away ? 0 : indexOf(this);
    const from = this.away ?? memoryOf(this);
    const to = at + this.size;
    if (memory?.byteLength !== this.size * from.BYTES_PER_ELEMENT) return from.slice(at, to) as ElementsOf<D>;
    const copy = new (from.constructor as new (memory: ArrayBuffer) => Elements)(memory);
    copy.set(from.subarray(at, to));
    return copy as ElementsOf<D>;
  }

  /** Overwrites the elements; the number of values must be the tensor's size. */
  set(values: ArrayLike<number>): this {
    checkOpen(this);
    if (values.length !== this.size)
      throw new RangeError(
        `set: ${this.size} values expected for shape ${formatShape(this.shape)}, got ${values.length}`,
      );
    checkElements("set", values, this.dtype);
    write(this, values);
    markWritten(this);
    return this;
  }

  /** Frees a heap tensor now instead of when it is collected. Views of it are gone with it. */
  dispose(): void {
    if (this.scope || this.base) return;
    this.away = null;
    if (!this.address) return;
    dropped.unregister(this);
    engine().heap.free(this.address);
    this.address = 0;
  }

  /** Type, shape, and the values (fractions in five digits), of long axes those at the ends: `Tensor(f32[2,2]) [[1, 2], [3, 4]]`. */
  toString(): string {
    return `${named(this)} ${(this.scope ? this.scope.open : (this.base ?? this).address || this.away) ? listed(this.toArray(), this.shape, 0) : "(gone)"}`;
  }
}

// under a name that isolated declarations cannot have in a class
Object.defineProperty(Tensor.prototype, inspect, { value: Tensor.prototype.toString });

/** A tensor without its values, which are nobody's business in an error or a log: `Tensor(f32[2,2] from add)`. */
export function named({ dtype, shape, op }: Tensor): string {
  return `Tensor(${dtype}${formatShape(shape)}${op ? ` from ${op.name}` : ""})`;
}

function listed(values: Elements, [size, ...rest]: Shape, at: number): string {
  const value = values[at]!;
  if (size === undefined) return `${Number.isInteger(value) ? value : +value.toPrecision(5)}`;
  const ends = rest.length > 1 ? 1 : 3;
  const parts = [];
  for (let i = 0; i < size; i++) {
    if (i === ends && size > 2 * ends) {
      parts.push("...");
      i = size - ends;
    }
    parts.push(listed(values, rest, at + i * sizeOf(rest)));
  }
  return `[${parts.join(", ")}]`;
}

/** Throws if the memory of a tensor, or of what it is a view of, is gone or no longer what a gradient needs. */
export function checkOpen(t: Tensor): void {
  const { address, away } = t.base ?? t;
  if (t.scope ? !t.scope.open : address === 0 && !away)
    throw new Error(
      `${named(t)}: used after ${t.scope ? "its scope ended; return it from scope() to keep it" : "dispose()"}`,
    );
  if (overwritten !== null && overwritten.memory.includes(t.base ?? t))
    throw new Error(
      `${overwritten.op}: its gradient needs ${named(t)}, which has been overwritten since; take the gradient before, or use a copy()`,
    );
}

/**
 * Throws unless a tensor that an op has beside its inputs, to work in or to read, has the elements of this shape: what of
 * it is missing would be somebody else's memory.
 */
export function checkBeside(op: string, name: string, t: Tensor, shape: Shape, dtype: DType = "f32"): void {
  checkOpen(t);
  if (t.dtype !== dtype || t.size !== sizeOf(shape))
    throw new RangeError(`${op}: ${name}, got ${t}, expected ${dtype}${formatShape(shape)}`);
}

// while another engine is in charge: where a tensor's elements have been copied to, 0 for one that is its own
let elsewhere: ((t: Tensor) => number) | null = null;

/** Sets where tensors of another engine are to be read and returns what it was before. */
export function setElsewhere(next: typeof elsewhere): typeof elsewhere {
  const before = elsewhere;
  elsewhere = next;
  return before;
}

/** How many tensors there have been: the next one's id. */
export function tensorsSoFar(): number {
  return nextId;
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

function bytesOf({ size, dtype }: Tensor): number {
  return dtype === "u8" ? size : 4 * size;
}

/** Whether two tensors have bytes in common. */
export function overlap(a: Tensor, b: Tensor): boolean {
  return a.ptr < b.ptr + bytesOf(b) && b.ptr < a.ptr + bytesOf(a);
}

/** Where a tensor begins in `memoryOf` it. To be asked first: what is away comes back to memory that may have to grow. */
function indexOf(t: Tensor): number {
  return t.dtype === "u8" ? t.ptr : wordAt(t.ptr);
}

function memoryOf({ dtype }: Tensor): Elements {
  const { memory } = engine();
  return dtype === "f32" ? memory.f : dtype === "i32" ? memory.i32 : memory.u8;
}

function write(t: Tensor, values: ArrayLike<number>): void {
  if (t.away) return t.away.set(values);
  const at = indexOf(t);
  memoryOf(t).set(values, at);
}

/**
 * A new tensor with undefined contents: in the arena inside a scope, on the heap outside. What is dropped on the heap is
 * freed when the collector says so, which it does between turns of the event loop: a loop of ops that neither opens a scope nor
 * ever awaits ends at the memory limit, with an error that says so.
 */
export function empty<D extends DType = "f32">(shape: Shape, dtype: D = "f32" as D, op: string = "empty"): Tensor<D> {
  const scope = scopes.length === 0 ? null : scopes[scopes.length - 1]!;
  if (!scope) return persistent(shape, dtype, op);
  const size = checkShape(op, shape);
  return new Tensor(engine().arena.alloc(size * widthOf(op, dtype)), shape, size, dtype, scope, null);
}

/** A heap tensor, even inside a scope: for what outlives steps. */
export function persistent<D extends DType = "f32">(
  shape: Shape,
  dtype: D = "f32" as D,
  op: string = "persistent",
): Tensor<D> {
  const size = checkShape(op, shape);
  const bytes = size * widthOf(op, dtype);
  const t = new Tensor(0, shape, size, dtype, null, null);
  own(t, bytes);
  return t;
}

function own(t: Tensor, bytes: number): void {
  const e = engine();
  t.address = e.heap.alloc(bytes);
  dropped.register(t, { engine: e, pointer: t.address }, t);
  tellCollector(bytes);
}

/** Memory for a kernel to work in. */
export function scratch(bytes: number): Tensor<"f32"> {
  // the kernels' sizes are unsigned, what JavaScript sees of them is not
  return empty([Math.ceil((bytes < 0 ? bytes + 2 ** 32 : bytes) / 4)], "f32", "scratch");
}

/** A tensor over part of another's memory, `offset` elements in. */
export function view<D extends DType>(of: Tensor<D>, offset: number, shape: Shape, op: string = "view"): Tensor<D> {
  const size = checkShape(op, shape);
  if (!(Number.isInteger(offset) && offset >= 0 && offset + size <= of.size))
    throw new RangeError(`${op}: ${formatShape(shape)} from element ${offset} on does not lie in ${named(of)}`);
  return new Tensor(of.ptr + offset * widthOf(op, of.dtype), shape, size, of.dtype, of.scope, of.base ?? of);
}

/**
 * A tensor from values.
 * @param shape defaults to one axis of as many values
 */
export function tensor<D extends DType = "f32">(
  values: ArrayLike<number> | number,
  shape?: Shape,
  dtype: D = "f32" as D,
): Tensor<D> {
  const list = typeof values === "number" ? [values] : values;
  widthOf("tensor", dtype);
  checkElements("tensor", list, dtype);
  const wanted = shape ?? (typeof values === "number" ? [] : [list.length]);
  const size = checkShape("tensor", wanted);
  if (size !== list.length)
    throw new RangeError(`tensor: shape ${formatShape(wanted)} has ${size} elements, got ${list.length} values`);
  const t = empty([...wanted], dtype, "tensor");
  write(t, list);
  return t;
}

/**
 * Runs `fn` so that every tensor it makes is gone when it returns, except the tensors it returns (alone, in an array or
 * in a plain object), which move to the surrounding scope or out of all of them and lose their history. Nothing is left of
 * an `fn` that throws, or whose result cannot be carried out.
 */
export function scope<T>(fn: () => T): T {
  const e = engine();
  const outer = scopes.length === 0 ? null : scopes[scopes.length - 1]!;
  const mine = e.arena.begin();
  scopes.push(mine);
  let result: T;
  let kept: readonly (readonly [Tensor, Elements])[] = NONE;
  try {
    result = fn();
    if (typeof result === "object" && result !== null) {
      refusePromise(result);
      kept = tensorsIn(result, mine).map((t) => [t, t.toArray()] as const);
    }
  } finally {
    scopes.pop();
    e.arena.end(mine);
  }
  for (const [t, values] of kept) {
    if (outer) t.address = e.arena.alloc(bytesOf(t));
    else {
      t.address = 0;
      t.away = values;
    }
    t.scope = outer;
    // a view has left what it was a view of
    t.base = null;
    t.op = null;
    t.inputs = NO_INPUTS;
    t.requiresGrad = false;
    if (outer) write(t, values);
  }
  return result;
}

/** Whether a scope is open, so that new tensors are temporary. */
export function inScope(): boolean {
  return scopes.length > 0;
}

const NONE: readonly never[] = [];

function refusePromise(result: object): void {
  if (!("then" in result) || typeof result.then !== "function") return;
  // what becomes of it follows from this refusal, and nobody else will ever hear of it
  if (result instanceof Promise) result.catch(() => undefined);
  throw new TypeError(
    "scope: the function returned a promise; a scope ends when its function returns, so it must be synchronous",
  );
}

// also in what contains itself
function tensorsIn(result: unknown, mine: Scope): Tensor[] {
  const found: Tensor[] = [];
  const seen = new Set<unknown>();
  const waiting: unknown[] = [result];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Tensor) {
      if (value.scope === mine) found.push(value);
    } else if (Array.isArray(value)) for (const item of value) waiting.push(item);
    else if (isPlain(value)) for (const item of Object.values(value)) waiting.push(item);
  }
  return found;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// on the heap, even inside a scope: who handed it out keeps it
function bringBack(t: Tensor): void {
  const values = t.away!;
  own(t, bytesOf(t));
  t.away = null;
  write(t, values);
}
