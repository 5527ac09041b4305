// How clients step, in a federation and by themselves.
import * as v from "valibot";
import { optimizerKinds } from "../../nn/index.ts";
import type { Config } from "../config.ts";
import { count, finite, fraction, margin, maybe, rate, told } from "./values.ts";

const warmup = maybe(
  v.pipe(finite, v.integer("expected a whole number"), v.minValue(0, "expected a number from 0")),
  "rounds in which the rate rises in a line, before the rest begins",
  { unless: "0" },
);
const rounds = told(count, "rounds over which the rate goes its way, behind the warm-up");
const end = "where it ends, over the rate";

const below = v.pipe(fraction, v.ltValue(1, "expected a number below 1"));
const steps = {
  kind: maybe(v.picklist(optimizerKinds), "which optimiser", { unless: "adam" }),
  momentum: maybe(fraction, "momentum", { unless: "0", matters: "sgd, rmsprop" }),
  nesterov: maybe(v.boolean(), "Nesterov's momentum", { unless: "false", matters: "sgd" }),
  betas: maybe(v.strictTuple([below, below]), "decay of both moments", {
    unless: "as in PyTorch",
    matters: "adam, amsgrad, lion",
  }),
  eps: maybe(margin, "what keeps a denominator from 0", { unless: "as in PyTorch", matters: "all but sgd and lion" }),
  decoupled: maybe(v.boolean(), "weight decay is taken off the weights: AdamW", { unless: "false", matters: "adam" }),
  alpha: maybe(below, "decay of the mean square", { unless: "0.99", matters: "rmsprop" }),
  centered: maybe(v.boolean(), "divides by the spread about the mean", { unless: "false", matters: "rmsprop" }),
  lrDecay: maybe(margin, "how the rate falls with steps", { unless: "0", matters: "adagrad" }),
  weightDecay: maybe(margin, "L2 in the gradient; of lion and AdamW off the weights", { unless: "0" }),
  clip: maybe(rate, "largest norm of a gradient, after all that a method adds to it", { unless: "none" }),
  clipValue: maybe(rate, "largest element of a gradient, before the norm is clipped", { unless: "none" }),
};

/** Of a client by itself, whose rate does not go by rounds. */
export const ownOptimizer: v.GenericSchema<NonNullable<Config["personal"]["optimizer"]>> = v.strictObject(steps);

export const optimizer: v.GenericSchema<NonNullable<Config["federation"]["optimizer"]>> = v.strictObject({
  ...steps,
  schedule: maybe(
    v.variant("kind", [
      v.strictObject({ kind: v.literal("constant"), warmup }),
      v.strictObject({
        kind: v.literal("exponential"),
        gamma: told(rate, "what the rate is multiplied by"),
        every: maybe(count, "rounds from one fall to the next", { unless: "1" }),
        warmup,
      }),
      v.strictObject({ kind: v.literal("linear"), rounds, end: told(fraction, end), warmup }),
      v.strictObject({ kind: v.literal("cosine"), rounds, end: maybe(fraction, end, { unless: "0" }), warmup }),
      v.strictObject({
        kind: v.literal("one-cycle"),
        rounds,
        rise: maybe(fraction, "the part of them in which it rises", { unless: "0.3" }),
        start: maybe(fraction, "where it starts, over the rate", { unless: "1/25" }),
        end: maybe(fraction, end, { unless: "`start` / 10,000" }),
        warmup,
      }),
    ]),
    "how the rate goes from round to round",
    { unless: "it stays" },
  ),
});

/** Of a single method. */
export const training: v.GenericSchema<NonNullable<Config["training"]>[string]> = v.strictObject({
  rounds: maybe(count, "its rounds at most", { unless: "`federation.rounds`" }),
  cohort: maybe(count, "its clients a round", { unless: "`federation.cohort`" }),
  localEpochs: maybe(count, "its epochs in a turn", { unless: "`federation.localEpochs`" }),
  batchSize: maybe(count, "its rows in a step", { unless: "`federation.batchSize`" }),
  lr: maybe(rate, "its clients' learning rate", { unless: "`federation.lr`" }),
  optimizer: maybe(optimizer, "how its clients step", { unless: "`federation.optimizer`" }),
});
