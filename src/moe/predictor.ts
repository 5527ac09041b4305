// Who answers for a client: one network, or several that are weighed. Answers to all of some examples are made once, however
// many ask for them.
import { noGrad } from "../autograd/op.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { persistent, scope, type Tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import type { Fit } from "../nn/fit.ts";
import type { Net } from "../nn/net.ts";
import type { Kept } from "../runtime/kept.ts";
import type { Scores, TestSet } from "./evaluate.ts";
import type { Dial } from "./tradeOff.ts";

/** Numbers for inputs. */
export interface Outputs {
  /** For inputs [rows, ...], in evaluation mode and without history: [rows, width]. */
  predict(x: Tensor): Tensor;
  /** For all of some examples, [count, width]; made once, and not the caller's to dispose of. */
  on(examples: Examples): Tensor;
}

/** Log-probabilities, and what is told of how they came about. */
export interface Predictor extends Outputs {
  /** What is mixed: log-probabilities too, or what the authors' experts put out instead. */
  readonly raw: Outputs;
  /** The network, where it is one: not to be changed. */
  readonly net?: Net | undefined;
  /** Of a mixture, its specialist by itself. */
  readonly specialist?: Predictor;
  /** What stays with the client of it, by name. */
  readonly nets?: Readonly<Record<string, Net<"private">>>;
  /** How it was trained. */
  readonly fit?: Fit;
  /** Where it weighs what is the client's own against what is everybody's: the weights of all of some examples, [count]. */
  readonly weights?: (examples: Examples) => ArrayLike<number>;
  /** The same weight for every input. */
  readonly weight?: number;
  /** Where something can be turned without training: its dial over all of some examples. */
  readonly dial?: (examples: Examples) => Dial;
  /** How well it does, where its answers depend on what came before. */
  readonly scores?: (test: TestSet) => Scores;
}

/** Outputs that are made of other outputs of the same inputs, and are never one of them. */
export function combined(kept: Kept, parts: readonly Outputs[], combine: (...of: Tensor[]) => Tensor): Outputs {
  return remembered(
    kept,
    (examples) => {
      // what parts remember must outlive this scope, and whatever scope the caller is in
      const of = parts.map((part) => part.on(examples));
      return scope(() => {
        const made = noGrad(() => combine(...of));
        const all = persistent(made.shape);
        copyInto(all, made);
        return all;
      });
    },
    (x) => scope(() => noGrad(() => combine(...parts.map((part) => part.predict(x))))),
  );
}

/** Outputs whose answers on examples are kept. */
export function remembered(kept: Kept, all: (examples: Examples) => Tensor, predict: Outputs["predict"]): Outputs {
  const made = new Map<Examples, Tensor>();
  return {
    predict,
    on(examples) {
      let found = made.get(examples);
      if (!found) made.set(examples, (found = kept.add(all(examples))));
      return found;
    },
  };
}
