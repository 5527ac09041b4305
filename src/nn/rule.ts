// Any optimiser by its description, as a config or a preset says it.
import { checkOne } from "../runtime/options.ts";
import { Clipped } from "./clip.ts";
import { Adam, type Rated, SGD } from "./optimizers.ts";
import type { Parameters, Part } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";

/** Which optimiser, and how it steps. What is left out is as in PyTorch. */
export interface OptimizerRule {
  readonly kind: "adam" | "sgd";
  readonly lr: number;
  /** Of SGD. */
  readonly momentum?: number | undefined;
  readonly nesterov?: boolean | undefined;
  /** L2 in the gradient. */
  readonly weightDecay?: number | undefined;
  /** Gradients are shortened to this norm, after everything a method adds to them. */
  readonly clip?: number | undefined;
  /** How the rate goes from round to round; it stays unless said. */
  readonly schedule?: Schedule | undefined;
}

/** The optimiser of a rule over blocks of parameters, or over some of theirs. */
export function optimizerOf(
  { kind, lr, momentum = 0, nesterov = false, weightDecay = 0, clip }: OptimizerRule,
  of: readonly Parameters[],
  only?: Part,
): Rated {
  checkOne("optimizer", "kind", kind, ["adam", "sgd"]);
  const options = { lr, weightDecay, ...(only && { only }) };
  const inner = kind === "adam" ? new Adam(of, options) : new SGD(of, { ...options, momentum, nesterov });
  return clip === undefined ? inner : new Clipped(inner, of, clip);
}
