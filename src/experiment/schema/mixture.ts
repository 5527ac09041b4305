// Mixtures and their gates.
import * as v from "valibot";
import { paperRows } from "../../moe/personalized.ts";
import type { Config } from "../config.ts";
import { gateRows } from "../personal.ts";
import { count, margin, maybe, rate, told } from "./values.ts";

const space = v.picklist(["probability", "output"]);
const gate = {
  gateLr: maybe(rate, "the gate's own learning rate", { unless: "`mixture.lr`" }),
  gateSchedule: maybe(v.picklist(["constant", "plateau"]), "plateau halves it at a validation without improvement", {
    unless: "constant",
  }),
  learnFrom: maybe(v.picklist(["train", "validation"]), "rows that the gate learns from: validation is half of those", {
    unless: "train",
    matters: "`--gate held-out` says validation; docs/reproduction/gates.md has what it is worth",
  }),
  gateInit: maybe(v.picklist(["random", "generalist"]), "what the gate begins as: generalist has its layers too", {
    unless: "random",
  }),
  validateEvery: maybe(count, "epochs from one validation of the gate to the next", {
    unless: "`personal.validateEvery`",
  }),
  patience: maybe(count, "its validations without improvement until it stops", { unless: "`personal.patience`" }),
  margin: maybe(margin, "how much lower its loss must be to count as an improvement", { unless: "`personal.margin`" }),
};
const taken = [...paperRows.map(({ name }) => name), ...gateRows];
// a method's name becomes a column's and a figure's
const method = v.pipe(v.string(), v.regex(/^[A-Za-z][\w-]*$/, "expected a name of letters and digits"));
const variant = v.strictObject({
  ...gate,
  lr: maybe(rate, "its own learning rate", { unless: "`mixture.lr`" }),
  gateOnly: maybe(v.boolean(), "its specialist stays as it begins", { unless: "`mixture.gateOnly`" }),
  space: maybe(space, "what it mixes", { unless: "`mixture.space`" }),
  threeWay: maybe(v.boolean(), "the local model is a third expert, under a gate with three outputs", {
    unless: "false",
  }),
  begin: maybe(v.picklist(["finetuned", "mixture"]), "what its specialist begins as", { unless: "finetuned" }),
});

export const mixture: v.GenericSchema<Config["mixture"]> = v.strictObject({
  ...gate,
  lr: told(rate, "learning rate of the specialist, and of the gate unless it has its own"),
  gateOnly: told(v.boolean(), "the gate is trained alone, and the specialist stays the fine-tuned model"),
  space: told(v.picklist(["auto", "probability", "output"]), "what is mixed: probabilities, or what experts put out", {
    matters: "auto is probability in the paper's fidelity, output in the authors' code",
  }),
  variants: maybe(
    v.pipe(
      v.record(method, variant),
      v.check(
        (variants) => !taken.some((name) => Object.hasOwn(variants, name)),
        `expected names other than ${taken.join(", ")}`,
      ),
    ),
    "mixtures beside it, each a method of its own by name",
    { unless: "none", matters: "trained from the same fine-tuned specialist; they cost clients' time" },
  ),
});
