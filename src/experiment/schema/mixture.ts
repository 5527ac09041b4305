// Mixtures and their gates.
import * as v from "valibot";
import { paperRows } from "../../moe/personalized.ts";
import type { Config } from "../config.ts";
import { gateRows } from "../personal.ts";
import { count, margin, rate } from "./values.ts";

const space = v.picklist(["probability", "output"]);
const gate = {
  gateLr: v.optional(rate),
  gateSchedule: v.optional(v.picklist(["constant", "plateau"])),
  learnFrom: v.optional(v.picklist(["train", "validation"])),
  gateInit: v.optional(v.picklist(["random", "generalist"])),
  validateEvery: v.optional(count),
  patience: v.optional(count),
  margin: v.optional(margin),
};
const taken = [...paperRows.map(({ name }) => name), ...gateRows];
// a method's name becomes a column's and a figure's
const method = v.pipe(v.string(), v.regex(/^[A-Za-z][\w-]*$/, "expected a name of letters and digits"));
const variant = v.strictObject({
  ...gate,
  lr: v.optional(rate),
  gateOnly: v.optional(v.boolean()),
  space: v.optional(space),
  threeWay: v.optional(v.boolean()),
  begin: v.optional(v.picklist(["finetuned", "mixture"])),
});

export const mixture: v.GenericSchema<Config["mixture"]> = v.strictObject({
  ...gate,
  lr: rate,
  gateOnly: v.boolean(),
  space: v.picklist(["auto", "probability", "output"]),
  variants: v.optional(
    v.pipe(
      v.record(method, variant),
      v.check(
        (variants) => !taken.some((name) => Object.hasOwn(variants, name)),
        `expected names other than ${taken.join(", ")}`,
      ),
    ),
  ),
});
