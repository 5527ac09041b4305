// A memory that is watched byte by byte while something runs in it: whatever lies outside of what was allocated meanwhile,
// live tensors and the kernels' own tables among it, must be as before.
import { scope, tensor } from "../../src/autograd/tensor.ts";
import { type Engine, withEngine } from "../../src/runtime/engine.ts";
import { extra } from "../../src/runtime/extra.ts";
import { type Range, smallEngine } from "./smallEngine.ts";

const MOST = 64 << 20;
const SMALL = 6 << 20;

/** What came of an act: its value or its error. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

export class Guard {
  readonly engine: Engine;
  /** What the kernels work in changes with every op. */
  readonly #working: readonly Range[];
  #before: Uint8Array = new Uint8Array(0);

  /** Memory does not shrink, and a large one takes long to look through. */
  get small(): boolean {
    return this.engine.memory.u8.length <= SMALL;
  }

  constructor() {
    const { engine, working } = smallEngine(MOST);
    this.engine = engine;
    this.#working = working.toSorted(([a], [b]) => a - b);
    // the second module's static data are written when it is first needed
    withEngine(this.engine, extra);
  }

  /** Makes what is needed, then acts. Throws if a byte changed outside of what the act allocated. */
  watch<X, T>(prepare: () => X, act: (x: X) => T): Outcome<T> {
    return withEngine(this.engine, () =>
      scope((): Outcome<T> => {
        const x = prepare();
        const from = tensor([1, 2, 3]).ptr;
        const { memory } = this.engine;
        const size = memory.u8.length;
        if (this.#before.length !== size) this.#before = new Uint8Array(size);
        this.#before.set(memory.u8);
        let outcome: Outcome<T>;
        try {
          outcome = { value: act(x) };
        } catch (error) {
          outcome = { error };
        }
        const to = tensor([1, 2, 3]).ptr + 64;
        // in another chunk of the arena: what lies between is not only the act's
        const [low, high] = to > from ? [from, to] : [from, size];
        let at = 0;
        for (const [begin, end] of this.#working) {
          this.#compare(at, begin);
          at = end;
        }
        this.#compare(at, low);
        this.#compare(high, size);
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
