// Steps over several batches at once: their gradients are averaged, so that memory holds one batch where a step sees many.
import { addInto } from "../autograd/ops/add.ts";
import { fillInto } from "../autograd/ops/fill.ts";
import { persistent, type Tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT } from "../runtime/options.ts";
import { Around } from "./around.ts";
import type { Rated } from "./optimizers.ts";
import type { Parameters } from "./parameters.ts";
import { counts, type Memories, number, remembered, under } from "./state.ts";

/**
 * Takes the inner optimiser's step with every so manieth `step()`, along the mean of the gradients since the last one. What a
 * pass over the data leaves over counts in the next one. A parameter moves if one of the batches reached it.
 */
export class Accumulated extends Around {
  readonly #blocks: readonly Parameters[];
  readonly #every: number;
  readonly #sums: readonly Tensor<"f32">[];
  // by block and parameter: 1 where a batch has reached it
  readonly #reached: readonly Int32Array[];
  #waiting = 0;

  constructor(inner: Rated, blocks: readonly Parameters[], every: number) {
    checkOptions("Accumulated", { every }, { every: COUNT });
    if (blocks.some(({ gradient }) => !gradient))
      throw new TypeError("Accumulated: got a frozen block, which has no gradient; leave it out");
    super(inner);
    this.#blocks = blocks;
    this.#every = every;
    this.#sums = blocks.map(({ size }) => fillInto(persistent([size]), 0));
    this.#reached = blocks.map(({ tensors }) => new Int32Array(tensors.length));
  }

  /** Keeps the gradient, or steps with the mean of those kept. */
  override step(): void {
    const last = ++this.#waiting === this.#every;
    for (const [i, block] of this.#blocks.entries()) {
      const [sum, reached] = [this.#sums[i]!, this.#reached[i]!];
      for (const [at, { grad }] of block.tensors.entries()) if (grad) reached[at] = 1;
      if (last) {
        block.addGradient(sum, 1, reached).scaleGradient(1 / this.#every);
        fillInto(sum, 0);
        reached.fill(0);
      } else {
        addInto(sum, block.gradient!);
        block.spendGradient();
      }
    }
    if (!last) return;
    this.#waiting = 0;
    this.inner.step();
  }

  /** The inner optimiser's, and what is kept. */
  override memory(): Memories {
    const waiting = number(
      () => this.#waiting,
      (count) => (this.#waiting = count),
    );
    const own: Memories = [
      ["waiting", waiting],
      ...this.#sums.map((sum, i) => [`sum${i}`, remembered(sum)] as const),
      ...this.#reached.map((flags, i) => [`reached${i}`, counts(flags)] as const),
    ];
    return [...super.memory(), ...under("accumulated", own)];
  }

  /** Forgets what is kept, too. */
  override reset(): void {
    this.#waiting = 0;
    for (const sum of this.#sums) fillInto(sum, 0);
    for (const flags of this.#reached) flags.fill(0);
    super.reset();
  }

  /** Frees its memory now rather than when it is collected. */
  override dispose(): void {
    for (const sum of this.#sums) sum.dispose();
    super.dispose();
  }
}
