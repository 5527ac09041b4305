// Runs one kernel, of every build, and its reference twin over the same laid-out memory and compares everything: outputs
// within a tolerance, every other byte bit for bit. Gaps, outputs and scratch start as NaN canaries, so that an overread
// which reaches a result shows as well as a write outside. Knows no kernel by name.
import { builds, fixedScratch } from "./builds.ts";
import type { Views } from "../../src/runtime/reference/views.ts";

type Fill = (random: () => number, index: number) => number;
type Kernel = (...args: number[]) => number | void;

/** One named buffer: its element type, what it starts with, and whether the kernel may write it. */
interface Operand {
  type: "f32" | "i32" | "u8";
  length: number;
  fill: Fill | null;
  written: "never" | "compared" | "ignored";
  /** Bytes past a 64-byte boundary at which the buffer starts. */
  skew: number;
}

/** Uniform in [-1, 1), now and then a zero of either sign. */
export const plain: Fill = (random) => {
  const pick = random();
  return pick < 0.02 ? 0 : pick < 0.04 ? -0 : random() * 2 - 1;
};

/** Magnitudes from 1e-12 to 1e12, either sign. */
export const wild: Fill = (random) => (random() < 0.5 ? -1 : 1) * 10 ** (random() * 24 - 12);

/** A float input; `skew` (multiple of 4) moves it off the 64-byte boundary. */
export const f32 = (length: number, fill: Fill = plain, skew = 0): Operand => ({
  type: "f32",
  length,
  fill,
  written: "never",
  skew,
});

/** An integer input: labels, row numbers, random keys. */
export const i32 = (length: number, fill: Fill): Operand => ({ type: "i32", length, fill, written: "never", skew: 0 });

/** A byte input, for example pixels. */
export const u8 = (length: number, fill: Fill): Operand => ({ type: "u8", length, fill, written: "never", skew: 0 });

/** The operand as an output: compared with the twin's; without `fill` it starts as canaries. */
export const output = (length: number, type: Operand["type"] = "f32", skew = 0): Operand => ({
  type,
  length,
  fill: null,
  written: "compared",
  skew,
});

/** An operand that is read and overwritten (accumulation, optimiser state). */
export const updated = (length: number, fill: Fill = plain, skew = 0): Operand => ({
  type: "f32",
  length,
  fill,
  written: "compared",
  skew,
});

/** Working memory of so many bytes: may be left in any state, must not be overrun. */
export const scratch = (bytes: number): Operand => ({
  type: "u8",
  length: bytes,
  fill: null,
  written: "ignored",
  skew: 0,
});

/** What `kernelTest` needs to know. */
interface Case<Name extends string> {
  /** Name of the kernel and of its twin. */
  kernel: string;
  /** The factory of `src/runtime/reference/` that holds the twin. */
  reference: (views: Views) => object;
  operands: Record<Name, Operand>;
  /** Arguments, from the operands' byte addresses. */
  args: (at: Record<Name, number>) => number[];
  /** Allowed: |got - want| <= absolute + relative * |want|; both default to 1e-5. */
  absolute?: number;
  relative?: number;
  /** Demand the twin's value rounded to single precision, bit for bit (sign of zero included). */
  exact?: boolean;
  seed?: number;
}

const gap = 64;
const canary = 0x7fc0_beef;

/** The kernels of the plain build, untyped: for what a table of cases cannot say. */
export const kernels: Record<string, Kernel> = builds[0]!.kernels;

const align = (bytes: number): number => (bytes + 63) & ~63;
const base = align(Math.max(...builds.map(({ kernels }) => Number(kernels.staticEnd!())))) + gap;

/** A small generator of the tests' own: not the library's, which is itself under test. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

const bytesOf = (operand: Operand): number => (operand.type === "u8" ? 1 : 4) * operand.length;

/** Places the operands one after the other, each followed by a gap of canaries; returns addresses and the end. */
function layOut<Name extends string>(operands: Record<Name, Operand>): { at: Record<Name, number>; end: number } {
  const at = {} as Record<Name, number>;
  let next = base + gap;
  for (const name in operands) {
    at[name] = next + operands[name].skew;
    next = align(at[name] + bytesOf(operands[name])) + gap;
  }
  if (next > fixedScratch) throw new Error(`kernelTest: the operands end at ${next}, beyond ${fixedScratch}`);
  return { at, end: next };
}

/** Runs kernels and twin on equal memory, throws at the first difference, returns the plain build's outputs as copies. */
export function kernelTest<Name extends string>(test: Case<Name>): Record<Name, Float32Array> {
  const { kernel, operands } = test;
  const { at, end } = layOut(operands);
  const args = test.args(at);

  // canaries first, then the operands
  const before = new ArrayBuffer(end);
  const i32s = new Int32Array(before).fill(canary, base >> 2);
  const f32s = new Float32Array(before);
  const u8s = new Uint8Array(before);
  const random = seeded(test.seed ?? 1);
  for (const name in operands) {
    const { type, length, fill } = operands[name];
    const view = type === "f32" ? f32s : type === "i32" ? i32s : u8s;
    const first = type === "u8" ? at[name] : at[name] >> 2;
    if (fill) for (let index = 0; index < length; index++) view[first + index] = fill(random, index);
  }

  // the twin sees the same state in double precision; integers and bytes share one copy
  const copy = before.slice(0);
  const twinViews = { f: Float64Array.from(f32s), i32: new Int32Array(copy), u8: new Uint8Array(copy) };
  const twin = (test.reference(twinViews) as Record<string, Kernel>)[kernel];
  if (!twin) throw new Error(`kernelTest: no twin ${kernel} in the reference group`);
  const expected = twin(...args);

  const close = (got: number, want: number): boolean => {
    if (test.exact) return Object.is(got, Math.fround(want));
    // rounding the twin's value lets both overflow to infinity
    if (got === Math.fround(want) || (Number.isNaN(got) && Number.isNaN(want))) return true;
    return Math.abs(got - want) <= (test.absolute ?? 1e-5) + (test.relative ?? 1e-5) * Math.abs(want);
  };
  const outputs = builds.map(({ name: build, kernels, memory }) => {
    const fail = (where: string, got: number, want: number): never => {
      throw new Error(`${kernel}(${args.join(", ")}) ${build}: ${where}, got ${got}, expected ${want}`);
    };
    const run = kernels[kernel];
    if (!run) throw new Error(`kernelTest: no kernel ${kernel}; export it in kernels/index.ts and build`);
    new Uint8Array(memory.buffer).set(u8s.subarray(base), base);
    const returned = run(...args);
    if (typeof expected === "number" && !close(Number(returned), expected))
      fail("returned value", Number(returned), expected);

    // outputs against the twin's; then they are masked out and the rest must be as before
    const after = new Uint8Array(end);
    after.set(new Uint8Array(memory.buffer, base, end - base), base);
    const afterFloats = new Float32Array(after.buffer);
    const afterInts = new Int32Array(after.buffer);
    const results = {} as Record<Name, Float32Array>;
    for (const name in operands) {
      const operand = operands[name];
      if (operand.written === "never") continue;
      const first = operand.type === "u8" ? at[name] : at[name] >> 2;
      if (operand.written === "compared") {
        const [got, want] =
          operand.type === "f32"
            ? [afterFloats, twinViews.f]
            : operand.type === "i32"
              ? [afterInts, twinViews.i32]
              : [after, twinViews.u8];
        for (let index = first; index < first + operand.length; index++) {
          const same = operand.type === "f32" ? close(got[index]!, want[index]!) : got[index] === want[index];
          if (!same) fail(`${name}[${index - first}]`, got[index]!, want[index]!);
        }
        if (operand.type === "f32") results[name] = afterFloats.slice(first, first + operand.length);
      }
      const bytes = bytesOf(operand);
      after.set(u8s.subarray(at[name], at[name] + bytes), at[name]);
    }
    for (let index = base >> 2; index < end >> 2; index++)
      if (afterInts[index] !== i32s[index])
        throw new Error(`${kernel}(${args.join(", ")}) ${build}: wrote outside its outputs, at byte ${index * 4}`);
    return results;
  });
  return outputs[0]!;
}
