// Files of one's own.
import * as v from "valibot";
import type { Config } from "../config.ts";
import { count, finite, name } from "./values.ts";

const names = v.array(name);
const folder = name;
const pair = v.strictTuple([name, name]);
export const files: v.GenericSchema<NonNullable<Config["files"]>> = v.variant("kind", [
  v.strictObject({
    kind: v.literal("csv"),
    folder,
    train: name,
    test: v.optional(name),
    label: v.union([name, v.array(name)], "expected a column's name, or names"),
    client: v.optional(name),
    // a column without a name can be left out only
    ignore: v.optional(v.array(v.string())),
    shape: v.optional(v.array(count)),
    standardize: v.optional(v.boolean()),
    columns: v.optional(
      v.record(
        name,
        v.variant("kind", [
          v.strictObject({
            kind: v.literal("number"),
            gaps: v.optional(v.union([finite, v.picklist(["mean", "median"])], "expected a number, mean or median")),
          }),
          v.strictObject({
            kind: v.literal("category"),
            most: v.optional(count),
            gaps: v.optional(v.picklist(["word", "most-frequent"])),
          }),
        ]),
      ),
    ),
    missing: v.optional(v.array(v.string())),
  }),
  v.strictObject({ kind: v.literal("npy"), folder, classes: v.optional(names), client: v.optional(name) }),
  v.strictObject({ kind: v.literal("idx"), folder, train: pair, test: pair, classes: v.optional(names) }),
  v.strictObject({
    kind: v.literal("cifar"),
    folder,
    train: names,
    test: names,
    labelBytes: v.picklist([1, 2]),
    classes: names,
  }),
]);
