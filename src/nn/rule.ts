// Any optimiser by its description, as a config or a preset says it.
import { checkOne } from "../runtime/options.ts";
import { Clipped } from "./clip.ts";
import { Adam, type Rated, SGD } from "./optimizers.ts";
import type { Parameters, Part } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";

/** Optimisers by name. */
export type OptimizerKind = "adam" | "sgd" | "rmsprop" | "adagrad" | "amsgrad" | "lion";

/** Which optimiser, and how it steps. What is left out is as in PyTorch. */
export interface OptimizerRule {
  /** Which one. */
  readonly kind: OptimizerKind;
  /** The learning rate. */
  readonly lr: number;
  /** Of SGD and RMSprop. */
  readonly momentum?: number | undefined;
  /** Of SGD. */
  readonly nesterov?: boolean | undefined;
  /** Of Adam, AMSGrad and Lion. */
  readonly betas?: readonly [number, number] | undefined;
  /** Of all but SGD and Lion. */
  readonly eps?: number | undefined;
  /** Of Adam: AdamW. */
  readonly decoupled?: boolean | undefined;
  /** Of RMSprop. */
  readonly alpha?: number | undefined;
  /** Of RMSprop: divides by the gradient's spread about its mean. */
  readonly centered?: boolean | undefined;
  /** Of Adagrad. */
  readonly lrDecay?: number | undefined;
  /** L2 in the gradient; Lion's and AdamW's is taken off the weights. */
  readonly weightDecay?: number | undefined;
  /** Gradients are shortened to this norm, after everything a method adds to them. */
  readonly clip?: number | undefined;
  /** The elements of gradients are brought into [-clipValue, clipValue], before the norm is. Needs `make`. */
  readonly clipValue?: number | undefined;
  /** How the rate goes from round to round; it stays unless said. */
  readonly schedule?: Schedule | undefined;
  /** Who makes it: `usualOptimizer` unless said, which knows Adam and SGD. `everyOptimizer` knows all, and needs their kernels. */
  readonly make?: MakeOptimizer | undefined;
}

/** Makes the optimiser of a rule, but for `clip` and `schedule`. */
export type MakeOptimizer = (rule: OptimizerRule, of: readonly Parameters[], only?: Part) => Rated;

/** Fields of an object that are said. */
export type Said<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** What of a rule one optimiser takes, for its constructor. */
export function options<K extends keyof OptimizerRule>(
  rule: OptimizerRule,
  names: readonly K[],
  only: Part | undefined,
): Said<Pick<OptimizerRule, K | "lr" | "weightDecay">> & { only?: Part } {
  const said = (["lr", "weightDecay", ...names] as const).filter((name) => rule[name] !== undefined);
  const taken = Object.fromEntries(said.map((name) => [name, rule[name]]));
  return { ...(taken as Said<Pick<OptimizerRule, K | "lr" | "weightDecay">>), ...(only && { only }) };
}

/** Adam or SGD; a RangeError for others, which a page that trains with these need not carry. */
export const usualOptimizer: MakeOptimizer = (rule, of, only) => {
  checkOne("optimizer", "kind", rule.kind, ["adam", "sgd"]);
  if (rule.clipValue !== undefined)
    throw new RangeError(`optimizer: clipValue, got ${rule.clipValue}, expected none; give make: everyOptimizer`);
  return rule.kind === "adam"
    ? new Adam(of, options(rule, ["betas", "eps", "decoupled"], only))
    : new SGD(of, options(rule, ["momentum", "nesterov"], only));
};

/** The optimiser of a rule over blocks of parameters, or over some of theirs. */
export function optimizerOf(rule: OptimizerRule, of: readonly Parameters[], only?: Part): Rated {
  const { make = usualOptimizer, clip } = rule;
  const inner = make(rule, of, only);
  return clip === undefined ? inner : new Clipped(inner, of, clip);
}
