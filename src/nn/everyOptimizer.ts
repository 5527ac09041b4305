// All optimisers by their names. Apart from Adam and SGD, because the others' kernels are in the second module.
import { checkOne } from "../runtime/options.ts";
import { Adagrad, AMSGrad, Lion, RMSprop } from "./adaptive.ts";
import { ValueClipped } from "./clipValues.ts";
import { type MakeOptimizer, type OptimizerKind, options, usualOptimizer } from "./rule.ts";

const makers: Readonly<Record<OptimizerKind, MakeOptimizer>> = {
  adam: usualOptimizer,
  sgd: usualOptimizer,
  rmsprop: (rule, of, only) => new RMSprop(of, options(rule, ["alpha", "eps", "momentum", "centered"], only)),
  adagrad: (rule, of, only) => new Adagrad(of, options(rule, ["lrDecay", "eps"], only)),
  amsgrad: (rule, of, only) => new AMSGrad(of, options(rule, ["betas", "eps"], only)),
  lion: (rule, of, only) => new Lion(of, options(rule, ["betas"], only)),
};

/** The names of all optimisers. */
export const optimizerKinds: readonly OptimizerKind[] = Object.keys(makers) as OptimizerKind[];

/** Any of them: as `make` of an OptimizerRule. */
export const everyOptimizer: MakeOptimizer = ({ clipValue, ...rule }, of, only) => {
  checkOne("optimizer", "kind", rule.kind, optimizerKinds);
  const inner = makers[rule.kind](rule, of, only);
  return clipValue === undefined ? inner : new ValueClipped(inner, of, clipValue);
};
