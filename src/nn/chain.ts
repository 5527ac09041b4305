// A chain of hidden states behind scores for each step of a window: what a step is, goes by what was before it. The chain's factors are
// learnt with the network that scores (as in learned factor graphs for sleep, Shlezinger et al. 2022), and messages are passed forward,
// so that nothing of a later step is needed.
import { add } from "../autograd/ops/add.ts";
import { logSumExp } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT } from "../runtime/options.ts";
import { constant } from "./init.ts";
import type { Forward, Module, ParameterSpec } from "./module.ts";

/**
 * Log-probabilities [rows, states] of the last step's state, from scores s [rows, steps x states], step by step:
 * a_1 = s_1, a_t(k) = s_t(k) + ln sum_j e^(a_(t-1)(j) + T(j, k)). While T is 0, as it begins, these are the last step's own.
 */
export class Chain implements Module {
  /** T [states, states], from the state before to the next one. */
  readonly specs: readonly ParameterSpec[];
  readonly #steps: number;
  readonly #states: number;

  constructor(steps: number, states: number) {
    checkOptions("Chain", { steps, states }, { steps: COUNT, states: COUNT });
    [this.#steps, this.#states] = [steps, states];
    this.specs = [{ name: "transition", shape: [states, states], init: constant(0) }];
  }

  bind([transition]: readonly Tensor[]): Forward {
    const [steps, states] = [this.#steps, this.#states];
    return (scores) => {
      const rows = scores.size / (steps * states);
      const all = reshape(scores, [rows, steps, states]);
      const at = (step: number): Tensor => reshape(slice(all, { axis: 1, from: step, to: step + 1 }), [rows, states]);
      const factors = reshape(transition!, [1, states, states]);
      let message = at(0);
      for (let step = 1; step < steps; step++)
        message = add(at(step), logSumExp(add(reshape(message, [rows, states, 1]), factors), { axis: 1 }));
      return logSoftmax(message);
    };
  }
}
