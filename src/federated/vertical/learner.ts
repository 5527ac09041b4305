// Networks that learn together and what their optimiser remembers: one state, which never leaves the party it is of.
import type { NumericArray } from "../../io/index.ts";
import type { Module } from "../../nn/module.ts";
import { Net } from "../../nn/net.ts";
import type { Rated } from "../../nn/optimizers.ts";
import { optimizerOf, type OptimizerRule } from "../../nn/rule.ts";
import { optimizerState, restoreOptimizer } from "../../nn/state.ts";
import { fold, type Key } from "../../runtime/random.ts";

/** Numbers by name, as a checkpoint has them. */
export type Saved = Readonly<Record<string, NumericArray>>;

/** How a party learns, and where its first values come from. */
export interface Learning {
  readonly optimizer: OptimizerRule;
  readonly key: Key;
}

export class Learner<N extends string> {
  readonly nets: Readonly<Partial<Record<N, Net<"private">>>>;
  readonly optimizer: Rated;

  constructor(modules: Readonly<Partial<Record<N, Module>>>, { optimizer, key }: Learning) {
    this.nets = Object.fromEntries(
      (Object.entries(modules) as [N, Module][]).map(([name, module]) => [
        name,
        new Net(module, { group: "private" }).init(fold(key, name)),
      ]),
    ) as Partial<Record<N, Net<"private">>>;
    this.optimizer = optimizerOf(
      optimizer,
      this.#all().map(([, { parameters }]) => parameters),
    );
  }

  /** All that its steps to come depend on. */
  state(): Saved {
    return {
      ...Object.fromEntries(this.#all().map(([name, { parameters }]) => [`net.${name}`, parameters.toArray()])),
      ...Object.fromEntries(Object.entries(optimizerState(this.optimizer)).map(([name, { data }]) => [name, data])),
    };
  }

  /** Goes on where `state` was taken; a RangeError where it is of another model or optimiser. */
  restore(state: Saved): void {
    for (const [name, { parameters }] of this.#all()) {
      const found = state[`net.${name}`];
      if (!(found instanceof Float32Array))
        throw new RangeError(`vertical: state, got no net.${name}, expected ${parameters.size} numbers; begin anew`);
      parameters.copyFrom(found);
    }
    restoreOptimizer(this.optimizer, Object.fromEntries(Object.entries(state).map(([name, data]) => [name, { data }])));
  }

  #all(): [string, Net<"private">][] {
    return Object.entries(this.nets) as [string, Net<"private">][];
  }

  dispose(): void {
    this.optimizer.dispose();
    for (const [, net] of this.#all()) net.dispose();
  }
}
