// Linear memory and its views. Growing detaches the old buffer, so everybody reads the views through this object.

const PAGE = 65536;

/** Tensors start on cache lines. */
export const ALIGNMENT = 64;
/** Kernels may read (never write) so many bytes past a tensor's end. */
export const SLACK = 16;

/** What a request takes of memory: with its slack, up to the next cache line. No bit operations: it may lie beyond 2 GiB. */
export function footprint(bytes: number): number {
  if (!(Number.isSafeInteger(bytes) && bytes >= 0))
    throw new RangeError(`memory: bytes, got ${bytes}, expected a whole number of at least 0`);
  return Math.ceil((bytes + SLACK) / ALIGNMENT) * ALIGNMENT;
}

/** The index in `f` or `i32` of what lies at a byte address, above 2 GiB as below: the one way from addresses to indices. */
export function wordAt(pointer: number): number {
  return pointer / 4;
}

export class Memory {
  readonly wasm: WebAssembly.Memory;
  readonly maximumBytes: number;
  /** Elements by index: the float at byte pointer `p` is `f[wordAt(p)]`. Double precision in a reference engine. */
  f!: Float32Array | Float64Array;
  i32!: Int32Array;
  u8!: Uint8Array;
  readonly #double: boolean;

  constructor(initialBytes: number, maximumBytes: number, double = false) {
    this.maximumBytes = maximumBytes;
    this.wasm = new WebAssembly.Memory({ initial: Math.ceil(initialBytes / PAGE), maximum: maximumBytes / PAGE });
    this.#double = double;
    this.#refresh();
  }

  /** Grows so that `bytes` are addressable. At least a quarter is added each time: growth is rare, and copies views. */
  ensure(bytes: number): void {
    const now = this.u8.length;
    if (bytes <= now) return;
    if (bytes > this.maximumBytes)
      throw new RangeError(
        `memory: ${mebibytes(bytes)} MiB needed, ${mebibytes(this.maximumBytes)} MiB maximum; ` +
          `wrap each step in scope(), dispose of what is no longer used, or configure({ maximumBytes })`,
      );
    const target = Math.min(this.maximumBytes, Math.max(bytes, Math.ceil(now * 1.25)));
    try {
      this.wasm.grow(Math.ceil((target - now) / PAGE));
    } catch (cause) {
      throw new RangeError(
        `memory: ${mebibytes(target)} MiB needed, the system gives no more than ${mebibytes(now)} MiB; ` +
          `wrap each step in scope(), dispose of what is no longer used, or close other pages`,
        { cause },
      );
    }
    this.#refresh();
  }

  #refresh(): void {
    const { buffer } = this.wasm;
    this.i32 = new Int32Array(buffer);
    this.u8 = new Uint8Array(buffer);
    if (this.#double) {
      const grown = new Float64Array(buffer.byteLength / 4);
      if (this.f) grown.set(this.f);
      this.f = grown;
    } else this.f = new Float32Array(buffer);
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1048576);
}
