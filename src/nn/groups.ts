// Parameters in groups that step by rules of their own.
import type { Rated } from "./optimizers.ts";
import type { Parameters, Part } from "./parameters.ts";
import type { Memories, Remembering } from "./state.ts";
import { Together } from "./together.ts";

/** Some parameters, and the optimiser that is to move them. */
export interface ParameterGroup {
  /** Which parameters, by name. */
  readonly only: Part;
  /** An optimiser over `parameters` that moves nothing but `only`. */
  readonly make: (parameters: Parameters, only: Part) => Rated;
}

/**
 * One optimiser of several, for a part of the parameters each. Every parameter that learns must be in exactly one group. Its rate
 * is the first group's; setting it, as a schedule does, keeps the others in proportion.
 */
export class Groups implements Rated, Remembering {
  readonly #parts: readonly Rated[];
  readonly #shares: readonly number[];
  readonly #all: Together;

  constructor(parameters: Parameters, groups: readonly ParameterGroup[]) {
    for (const [i, { name }] of parameters.specs.entries()) {
      const count = groups.filter(({ only }) => only(name)).length;
      if (parameters.tensors[i]!.slot && count !== 1)
        throw new RangeError(`Groups: ${name}, got it in ${count} groups, expected one`);
    }
    this.#parts = groups.map(({ only, make }) => make(parameters, only));
    const [first] = this.#parts;
    if (!first || !(first.lr > 0))
      throw new RangeError(
        `Groups: rate of the first group, got ${first?.lr ?? "no group"}, expected a number above 0`,
      );
    this.#shares = this.#parts.map(({ lr }) => lr / first.lr);
    this.#all = new Together(this.#parts);
  }

  get lr(): number {
    return this.#parts[0]!.lr;
  }

  set lr(rate: number) {
    this.#parts.forEach((part, i) => (part.lr = rate * this.#shares[i]!));
  }

  step(): void {
    this.#all.step();
  }

  /** All rules', under their numbers. */
  memory(): Memories {
    return this.#all.memory();
  }

  reset(): void {
    this.#all.reset();
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    this.#all.dispose();
  }
}
