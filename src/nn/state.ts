// What an optimiser remembers, by name, as files hold tensors: bits that go on where they were.
import type { Tensor } from "../autograd/tensor.ts";
import type { Block } from "./block.ts";
import { checkFinite } from "./finite.ts";
import { Blocks, type Optimizer } from "./optimizers.ts";

/** Vectors by name; `encodeSafetensors(Object.entries(state))` of moiety/io makes a file of them. */
export type OptimizerState = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: Float32Array | Float64Array | Int32Array }>
>;

/** A state as files give it back: more names than are asked for do no harm. */
export type SavedState = Readonly<Record<string, { readonly data: ArrayLike<number> | ArrayLike<bigint> }>>;

/** One vector that an optimiser remembers: read as a copy, overwritten by as many numbers. */
export interface Memory {
  /** How many numbers. */
  readonly length: number;
  /** A copy of them. */
  readonly read: () => Float32Array | Float64Array | Int32Array;
  /** Overwrites them. */
  readonly write: (values: ArrayLike<number>) => void;
}

/** Vectors by name. */
export type Memories = readonly (readonly [name: string, memory: Memory])[];

/** An optimiser that says what the steps to come depend on, besides the parameters and what it was made with. */
export interface Remembering {
  /** What it remembers, by name. */
  memory(): Memories;
}

/** A vector in linear memory. */
export function remembered(t: Tensor<"f32"> | Tensor<"i32">): Memory {
  return { length: t.size, read: () => t.toArray(), write: (values) => void t.set(values) };
}

/** One number, in double precision. */
export function number(read: () => number, write: (value: number) => void): Memory {
  return { length: 1, read: () => Float64Array.of(read()), write: (values) => write(values[0]!) };
}

/** Whole numbers in an array that stays. */
export function counts(array: number[] | Int32Array): Memory {
  return {
    length: array.length,
    read: () => Int32Array.from(array),
    write: (values) => {
      for (let i = 0; i < array.length; i++) array[i] = values[i]!;
    },
  };
}

/** These under a name of their own. */
export function under(name: string, memories: Memories): Memories {
  return memories.map(([of, memory]) => [`${name}.${of}`, memory] as const);
}

/** What an optimiser remembers; a TypeError for one that does not say. */
export function memoryOf(optimizer: Optimizer): Memories {
  if ("memory" in optimizer) return (optimizer as Optimizer & Remembering).memory();
  if (!(optimizer instanceof Blocks))
    throw new TypeError("optimizer: state, got an optimiser that does not say what it remembers; give it memory()");
  const rate = number(
    () => optimizer.lr,
    (lr) => (optimizer.lr = lr),
  );
  return [["lr", rate], ...optimizer.blocks.flatMap((block, i) => under(`${i}`, blockMemory(block)))];
}

function blockMemory(block: Block): Memories {
  const { specs, tensors } = block.parameters;
  const tables = tensors.flatMap(({ slot }, i): Memories => {
    // which rows have had a gradient
    const rows = block.moves[i] && slot!.touched ? block.run(i, i + 1).rows : null;
    return rows ? [[`live.${specs[i]!.name}`, remembered(rows.live)]] : [];
  });
  return [
    ["steps", counts(block.steps)],
    ...block.moments.map((moment, i) => [`moment${i}`, remembered(moment)] as const),
    ...tables,
  ];
}

/** A copy of all that an optimiser's steps to come depend on, besides the parameters and what it was made with. */
export function optimizerState(optimizer: Optimizer): OptimizerState {
  return Object.fromEntries(
    memoryOf(optimizer).map(([name, { length, read }]) => [name, { shape: [length], data: read() }]),
  );
}

/**
 * Lets an optimiser go on where `optimizerState` was taken, to the bit. A RangeError if it was of another optimiser or model, or
 * is damaged; then nothing has changed.
 */
export function restoreOptimizer(optimizer: Optimizer, state: SavedState): void {
  const found = memoryOf(optimizer).map(([name, { length, write }]) => [write, taken(state, name, length)] as const);
  for (const [write, values] of found) write(values);
}

function taken(state: SavedState, name: string, length: number): ArrayLike<number> {
  const found = state[name]?.data;
  if (found?.length !== length || typeof found[0] === "bigint")
    throw new RangeError(
      `optimizer: ${name}, got ${found?.length ?? "nothing"}, expected ${length} numbers; is the state of this optimiser and model?`,
    );
  checkFinite("optimizer", name, found as ArrayLike<number>);
  return found as ArrayLike<number>;
}
