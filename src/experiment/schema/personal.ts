// What clients do with what the federation gives them, and when that is looked at.
import * as v from "valibot";
import type { Config } from "../config.ts";
import { ownOptimizer } from "./training.ts";
import { count, finite, margin, maybe, rate, told, whole } from "./values.ts";

const OPEN = "expected a number from 0.01 to 0.99";
const HAZARD = "expected a number from 0 to 0.5, or held-out";

export const personal: v.GenericSchema<Config["personal"]> = v.strictObject({
  clients: told(whole, "how many clients are personalised and evaluated, drawn from all; 0 is the federation alone", {
    matters: "time after the rounds, in proportion",
  }),
  lr: told(rate, "learning rate of a client by itself"),
  optimizer: maybe(ownOptimizer, "how it steps, at rate `lr`", { unless: "Adam" }),
  epochs: told(count, "epochs at most"),
  batchSize: told(count, "rows of a step"),
  validateEvery: told(count, "epochs from one validation to the next"),
  patience: told(count, "validations without improvement until it stops"),
  margin: told(margin, "how much lower a validation loss must be to count as an improvement"),
});

export const posterior: v.GenericSchema<NonNullable<Config["posterior"]>> = v.strictObject({
  rho: told(v.pipe(finite, v.minValue(0.01, OPEN), v.maxValue(0.99, OPEN)), "the share of own inputs reckoned with"),
  hazard: told(
    v.union([v.pipe(finite, v.minValue(0, HAZARD), v.maxValue(0.5, HAZARD)), v.literal("held-out")], HAZARD),
    "the probability that a stream's source changes from one input to the next; held-out: each client chooses",
  ),
  calibrate: told(v.boolean(), "clients calibrate the generalist first, by sums over their held-out rows"),
  features: maybe(
    v.boolean(),
    "clients send sums of features by class, for a gate that learns what else they differ in",
    {
      unless: "false",
      matters: "what leaves a client: see the audit log",
    },
  ),
});

export const quirks: v.GenericSchema<NonNullable<Config["quirks"]>> = v.strictObject({
  selection: maybe(
    v.picklist(["average", "last-client"]),
    "the generalist: the average, or one client's weights (Q1)",
    {
      unless: "the fidelity's",
    },
  ),
  keep: maybe(v.picklist(["best", "last"]), "weights that are kept when training stops (Q2)", {
    unless: "the fidelity's",
  }),
  generalistDropout: maybe(v.boolean(), "the frozen generalist drops out while a mixture trains (Q8)", {
    unless: "the fidelity's",
  }),
});

export const clock: v.GenericSchema<NonNullable<Config["clock"]>> = v.strictObject({
  every: maybe(count, "all evaluated clients' models are also tested after every so many rounds", { unless: "never" }),
  turn: maybe(v.boolean(), "they are also tested after one more turn of training", {
    unless: "true",
    matters: "costs a round of all of them",
  }),
  globalRows: maybe(count, "rows of the global test for each client, drawn for it", {
    unless: "all; 1,000 in the authors' code",
  }),
});
