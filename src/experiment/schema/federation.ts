// How the federation trains, and who in it is private, late, gone or lying.
import * as v from "valibot";
import { attackKinds } from "../../federated/hosts/attacked.ts";
import type { Config } from "../config.ts";
import { optimizer } from "./training.ts";
import { count, fraction, maybe, rate, told, whole } from "./values.ts";

const belowOne = v.pipe(rate, v.ltValue(1, "expected a number below 1"));

const attack = v.strictObject({
  kind: told(v.picklist(attackKinds), "what liars make of an honest answer"),
  share: told(fraction, "the part of all clients that lies, drawn by the seed"),
  scale: maybe(rate, "how far a lie goes, over the honest way; of counts, how many times its rows it claims", {
    unless: "1",
  }),
});

const privacy = v.strictObject({
  kind: maybe(
    v.picklist(["central", "local"]),
    "who adds noise: the server to sums, or every client to what it sends",
    {
      unless: "central",
    },
  ),
  clip: told(rate, "largest L2 norm of an update, all its vectors together", {
    matters: "the first one, with `quantile`",
  }),
  epsilon: maybe(rate, "what all rounds may cost, of local noise one answer; the noise is made for it", {
    unless: "`multiplier` says the noise",
  }),
  multiplier: maybe(rate, "or the noise itself: its standard deviation over `clip`", {
    unless: "`epsilon` says it",
  }),
  delta: maybe(belowOne, "the chance that epsilon does not hold", {
    unless: "1e-5",
    matters: "central: below one over the number of clients",
  }),
  budget: maybe(
    rate,
    "with `multiplier`: the epsilon after which no round begins; local: what all answers of a client may cost",
    {
      unless: "none",
    },
  ),
  quantile: maybe(belowOne, "the clip follows this quantile of the updates' norms", {
    unless: "the clip stays",
    matters: "central noise",
  }),
});

export const federation: v.GenericSchema<Config["federation"]> = v.strictObject({
  rounds: told(count, "federated rounds at most", { matters: "time in proportion; early stopping may end before" }),
  cohort: told(count, "clients that train in a round", { matters: "time and bytes of a round in proportion" }),
  localEpochs: told(count, "epochs of a client's turn", { matters: "time of a round in proportion" }),
  batchSize: told(count, "rows of a step"),
  lr: told(rate, "learning rate of clients in the federation", { matters: "results more than any other field" }),
  validateEvery: told(
    whole,
    "rounds from one validation to the next; 0 is never: the last round is the one that stays",
  ),
  patience: told(count, "validations without improvement until the federation stops"),
  validationClients: told(count, "opted-in clients that validate", {
    matters: "fidelity paper; the authors' code asks the round's cohort",
  }),
  dropout: maybe(fraction, "simulated: the share of a cohort that does not answer", { unless: "0" }),
  slow: maybe(fraction, "simulated: the share of the others that gets only some of its epochs done", { unless: "0" }),
  attack: maybe(attack, "simulated: clients that lie about what they found", { unless: "none" }),
  sampling: maybe(
    v.picklist(["fixed", "poisson"]),
    "a round has `cohort` clients, or each by itself with the probability that gives so many on average",
    { unless: "fixed", matters: "what central privacy costs" },
  ),
  privacy: maybe(privacy, "differential privacy (docs/privacy.md)", {
    unless: "none",
    matters: "central: methods whose server averages; local: those that send what can be clipped",
  }),
  optimizer: maybe(optimizer, "how clients step, at rate `lr`", { unless: "Adam" }),
});
