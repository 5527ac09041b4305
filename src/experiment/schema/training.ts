// How clients step, in a federation and by themselves.
import * as v from "valibot";
import { optimizerKinds } from "../../nn/index.ts";
import type { Config } from "../config.ts";
import { count, finite, fraction, margin, rate } from "./values.ts";

const warmup = v.optional(
  v.pipe(finite, v.integer("expected a whole number"), v.minValue(0, "expected a number from 0")),
);

const below = v.pipe(fraction, v.ltValue(1, "expected a number below 1"));
const steps = {
  kind: v.optional(v.picklist(optimizerKinds)),
  momentum: v.optional(fraction),
  nesterov: v.optional(v.boolean()),
  betas: v.optional(v.strictTuple([below, below])),
  eps: v.optional(margin),
  decoupled: v.optional(v.boolean()),
  alpha: v.optional(below),
  centered: v.optional(v.boolean()),
  lrDecay: v.optional(margin),
  weightDecay: v.optional(margin),
  clip: v.optional(rate),
  clipValue: v.optional(rate),
};

/** Of a client by itself, whose rate does not go by rounds. */
export const ownOptimizer: v.GenericSchema<NonNullable<Config["personal"]["optimizer"]>> = v.strictObject(steps);

export const optimizer: v.GenericSchema<NonNullable<Config["federation"]["optimizer"]>> = v.strictObject({
  ...steps,
  schedule: v.optional(
    v.variant("kind", [
      v.strictObject({ kind: v.literal("constant"), warmup }),
      v.strictObject({ kind: v.literal("exponential"), gamma: rate, every: v.optional(count), warmup }),
      v.strictObject({ kind: v.literal("linear"), rounds: count, end: fraction, warmup }),
      v.strictObject({ kind: v.literal("cosine"), rounds: count, end: v.optional(fraction), warmup }),
      v.strictObject({
        kind: v.literal("one-cycle"),
        rounds: count,
        rise: v.optional(fraction),
        start: v.optional(fraction),
        end: v.optional(fraction),
        warmup,
      }),
    ]),
  ),
});

/** Of a single method. */
export const training: v.GenericSchema<NonNullable<Config["training"]>[string]> = v.strictObject({
  rounds: v.optional(count),
  cohort: v.optional(count),
  localEpochs: v.optional(count),
  batchSize: v.optional(count),
  lr: v.optional(rate),
  optimizer: v.optional(optimizer),
});
