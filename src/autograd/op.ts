// One op, one declaration: name, shape rule, forward, and one gradient rule per input. Declaring registers it, and the
// registry drives gradient checks, benches and the table of ops.
import { formatShape, sameShape, type Shape } from "./shape.ts";
import {
  type AnyOp,
  checkOpen,
  type Context,
  type DType,
  empty,
  type Inputs,
  markWritten,
  named,
  overlap,
  type Tensor,
  type Vjp,
} from "./tensor.ts";

export type { AnyOp, Context, Inputs, Vjp };

/** What an op is. @typeParam X its inputs @typeParam A its attributes @typeParam D its output's element type */
export interface OpDeclaration<X extends Inputs, A, D extends DType = "f32"> {
  /** As errors, profiles and the registry call it; no two ops have the same. */
  readonly name: string;
  /**
   * The output's shape; throws in the caller's face when inputs or attributes do not fit. What it lets through is all that
   * stands between a call by name and the kernel: attributes are checked here, not in the function that makes them.
   */
  shape?(x: X, attrs: A): Shape;
  /** Element type of the output, f32 unless said. */
  readonly dtype?: D;
  /** Element types of inputs that are not f32, by position; a view takes any. */
  readonly takes?: Readonly<Partial<Record<number, DType>>>;
  /** Writes the output. */
  forward?(y: Tensor, x: X, attrs: A): void;
  /** Instead of shape and forward: the output as a view of an input. */
  view?(x: X, attrs: A): Tensor;
  /** The gradient behind a fused activation, computed once and handed to every rule instead of the output's gradient. */
  readonly through?: Vjp<X, A>;
  /** One rule per input; null where the op is not differentiable in it. Never implicit. */
  readonly vjp: { readonly [I in keyof X]: Vjp<X, A> | null };
}

/** A declared op: a function of inputs and attributes, with its declaration on it. */
export type Op<X extends Inputs, A, D extends DType = "f32"> = OpDeclaration<X, A, D> & {
  (x: X, attrs: A, out?: Tensor): Tensor<D>;
};

/** An op as the registry has it: it runs, but its types have been forgotten. */
export type RegisteredOp = AnyOp & ((x: Inputs, attrs: unknown, out?: Tensor) => Tensor);

const registry = new Map<string, RegisteredOp>();
let recording = true;
let tracing = false;

/** Every op declared so far, by name. */
export function ops(): ReadonlyMap<string, RegisteredOp> {
  return registry;
}

/**
 * Declares an op, registers it and returns the function that runs it. Written as a pure call where it is declared, an op that
 * nobody runs is not bundled.
 */
export function defineOp<X extends Inputs, A = undefined, D extends DType = "f32">(
  declaration: OpDeclaration<X, A, D>,
): Op<X, A, D> {
  const { name, shape, forward, view, dtype = "f32", takes } = declaration;
  if (registry.has(name)) throw new Error(`defineOp: ${name} is declared twice`);
  if (view ? shape || forward : !shape || !forward)
    throw new TypeError(`defineOp: ${name} needs a view, or a shape and a forward`);
  const op: AnyOp = declaration as unknown as AnyOp;
  const run = (x: X, attrs: A, out?: Tensor): Tensor => {
    let differentiable = false;
    for (let i = 0; i < x.length; i++) {
      const input = x[i];
      if (!input) continue;
      checkOpen(input);
      if (input.dtype !== (takes?.[i] ?? "f32") && !view)
        throw new TypeError(`${name}: input ${i}, got ${named(input)}, expected ${takes?.[i] ?? "f32"}`);
      if (input.requiresGrad && op.vjp[i]) differentiable = true;
    }
    let y: Tensor;
    if (view) y = view(x, attrs);
    else {
      const wanted = shape!(x, attrs);
      if (out) checkOut(name, out, wanted, dtype, x, recording && differentiable);
      y = out ?? empty(wanted, dtype, name);
      // loops over an axis of any size are not to run where the other axis has nothing
      if (y.size || x.some((input) => input?.size)) forward!(y, x, attrs);
      // a forward may fill its output as anybody would
      if (out) markWritten(out);
      else y.written = 0;
    }
    if (tracing || (recording && differentiable)) {
      y.requiresGrad = true;
      y.op = op;
      y.inputs = x;
      y.attrs = attrs;
    }
    return y;
  };
  // a function already has a read-only name
  Object.defineProperty(run, "name", { writable: true });
  registry.set(name, Object.assign(run, declaration) as unknown as RegisteredOp);
  return run as Op<X, A, D>;
}

// an output from outside must be what a new one would be, lie apart from every input, and have no history to lose
function checkOut(op: string, out: Tensor, shape: Shape, dtype: DType, x: Inputs, history: boolean): void {
  checkOpen(out);
  if (out.dtype !== dtype || !sameShape(out.shape, shape))
    throw new RangeError(`${op}: out, got ${named(out)}, expected ${dtype}${formatShape(shape)}`);
  if (history || out.requiresGrad)
    throw new Error(`${op}: out, got a result with a gradient; leave \`out\` away, or compute in noGrad()`);
  const i = x.findIndex((input) => input && overlap(out, input));
  if (i >= 0) throw new RangeError(`${op}: out, got memory that input ${i} lies in, expected memory of its own`);
}

/** The rule of a gradient kernel that cannot be differentiated once more: an error where another rule would be silence. */
export function notTwice(name: string): Vjp<Inputs, unknown> {
  return () => {
    throw new Error(`${name}: its gradient cannot be differentiated again; use first-order gradients through ${name}`);
  };
}

/** Runs `fn` without recording history: evaluation, frozen models, gradient rules. */
export function noGrad<T>(fn: () => T): T {
  const before = setRecording(false);
  try {
    return fn();
  } finally {
    setRecording(before);
  }
}

/** Whether history is recorded: of a gradient rule, whether its gradient is to be differentiated again. */
export function isRecording(): boolean {
  return recording;
}

/** Sets whether history is recorded and returns what it was before. */
export function setRecording(on: boolean): boolean {
  const before = recording;
  recording = on;
  return before;
}

/** Runs `fn` so that every result has the op that made it, whether that has a gradient or not: what a network is, to be written down. */
export function traced<T>(fn: () => T): T {
  const before = tracing;
  tracing = true;
  try {
    return fn();
  } finally {
    tracing = before;
  }
}
