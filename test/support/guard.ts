// A memory that is watched byte by byte while something runs in it: whatever lies outside of what was allocated meanwhile,
// live tensors and the kernels' own tables among it, must be as before.
import { scope } from "../../src/autograd/tensor.ts";
import { type Engine, withEngine } from "../../src/runtime/engine.ts";
import { extra } from "../../src/runtime/extra.ts";
import { footprint } from "../../src/runtime/memory.ts";
import { type Range, smallEngine } from "./smallEngine.ts";

const MOST = 64 << 20;
const SMALL = 6 << 20;

/** What came of an act: its value or its error. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

export class Guard {
  readonly engine: Engine;
  /** What the kernels work in changes with every op. */
  readonly #working: readonly Range[];
  #allocated: Range[] = [];
  #before: Uint8Array = new Uint8Array(0);

  /** Memory does not shrink, and a large one takes long to look through. */
  get small(): boolean {
    return this.engine.memory.u8.length <= SMALL;
  }

  constructor() {
    const { engine, working } = smallEngine(MOST);
    this.engine = engine;
    this.#working = working;
    const { arena, heap } = engine;
    const [small, large] = [arena.alloc.bind(arena), heap.alloc.bind(heap)];
    let chunk = false;
    heap.alloc = (bytes) => {
      const pointer = large(bytes);
      // of a chunk only what is handed out of it
      if (!chunk) this.#allocated.push([pointer, pointer + footprint(bytes)]);
      return pointer;
    };
    arena.alloc = (bytes) => {
      chunk = true;
      try {
        const pointer = small(bytes);
        this.#allocated.push([pointer, pointer + footprint(bytes)]);
        return pointer;
      } finally {
        chunk = false;
      }
    };
    // the second module's static data are written when it is first needed
    withEngine(this.engine, extra);
  }

  /** Makes what is needed, then acts. Throws if a byte changed outside of what the act allocated. */
  watch<X, T>(prepare: () => X, act: (x: X) => T): Outcome<T> {
    return withEngine(this.engine, () =>
      scope((): Outcome<T> => {
        const x = prepare();
        const { memory } = this.engine;
        const size = memory.u8.length;
        if (this.#before.length !== size) this.#before = new Uint8Array(size);
        this.#before.set(memory.u8);
        let outcome: Outcome<T>;
        this.#allocated = [];
        try {
          outcome = { value: act(x) };
        } catch (error) {
          outcome = { error };
        }
        let at = 0;
        for (const [begin, end] of [...this.#working, ...this.#allocated].toSorted(([a], [b]) => a - b)) {
          // memory that came meanwhile is nobody else's
          this.#compare(at, Math.min(begin, size));
          at = Math.max(at, end);
        }
        this.#compare(at, size);
        return outcome;
      }),
    );
  }

  #compare(from: number, to: number): void {
    const now = this.engine.memory.u8;
    if (from >= to || Buffer.compare(now.subarray(from, to), this.#before.subarray(from, to)) === 0) return;
    const at = now.subarray(from, to).findIndex((byte, i) => byte !== this.#before[from + i]);
    throw new Error(`wrote over memory that is not its own, at byte ${from + at}`);
  }
}
