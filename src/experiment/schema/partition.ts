// Who owns which rows, and how clients see them.
import * as v from "valibot";
import { corruptions, type StreamOptions } from "../../data/index.ts";
import type { ShiftConfig } from "../shiftKinds.ts";
import type { PartitionConfig } from "../partitionKinds.ts";
import { count, fraction, margin, rate, whole } from "./values.ts";

const minimum = v.optional(
  v.strictObject({
    train: v.exactOptional(count),
    validation: v.exactOptional(whole),
    test: v.exactOptional(whole),
  }),
);
// what becomes of the hands that a law deals
const hands = {
  all: v.optional(v.boolean()),
  minimum,
  repair: v.optional(v.picklist(["refuse", "move"])),
};
const numpySeed = v.pipe(whole, v.maxValue(2 ** 32 - 1, "expected a whole number from 0 to 2^32 - 1"));
export const partition: v.GenericSchema<PartitionConfig> = v.variant("kind", [
  v.strictObject({
    kind: v.literal("majority"),
    p: fraction,
    overlap: v.boolean(),
  }),
  v.strictObject({ kind: v.picklist(["dirichlet-labels", "dirichlet-sizes"]), alpha: rate }),
  v.strictObject({ kind: v.literal("iid") }),
  v.strictObject({
    kind: v.literal("column"),
    all: v.optional(v.boolean()),
    minimum,
    repair: v.optional(v.picklist(["refuse", "drop"])),
    heldOut: v.optional(v.union([fraction, v.array(v.string())], "expected a number from 0 to 1, or names of clients")),
  }),
  v.strictObject({
    kind: v.literal("given"),
    labels: v.optional(v.string()),
    pooled: v.optional(v.boolean()),
    clients: v.pipe(
      v.array(
        v.strictObject({
          name: v.optional(v.string()),
          train: v.array(whole),
          validation: v.array(whole),
          test: v.array(whole),
          classes: v.optional(v.array(whole)),
        }),
      ),
      v.minLength(1, "expected a client at least"),
    ),
    heldOut: v.optional(v.array(whole)),
  }),
  v.strictObject({ kind: v.literal("shards"), shards: count, ...hands }),
  v.strictObject({
    kind: v.literal("pathological"),
    classes: count,
    choice: v.picklist(["groups", "cyclic", "first", "random", "balanced"]),
    cuts: v.picklist(["equal", "random"]),
    ...hands,
  }),
  v.strictObject({ kind: v.literal("label-quantity"), classes: count, ...hands }),
  v.strictObject({ kind: v.literal("dirichlet-shares"), alpha: rate, balanced: v.boolean(), ...hands }),
  v.strictObject({ kind: v.literal("dirichlet-inner"), alpha: rate, ...hands }),
  v.strictObject({ kind: v.literal("dirichlet-extended"), classes: count, alpha: rate, ...hands }),
  v.strictObject({ kind: v.literal("clusters"), clusters: count, ...hands }),
  v.strictObject({
    kind: v.literal("pfllib"),
    split: v.picklist(["dir", "pat", "iid"]),
    alpha: rate,
    classes: count,
    seed: numpySeed,
    validation: v.pipe(fraction, v.ltValue(1, "expected a number below 1")),
  }),
  v.strictObject({
    kind: v.literal("niid-bench"),
    split: v.picklist(["iid", "dirichlet", "label-quantity"]),
    alpha: rate,
    classes: count,
    seed: numpySeed,
    ...hands,
  }),
  v.strictObject({
    kind: v.literal("quantity"),
    law: v.picklist(["log-normal", "power-law", "linear", "square", "exponential"]),
    spread: v.pipe(margin, v.maxValue(100, "expected a number from 0 to 100")),
    ...hands,
  }),
]);

const round = v.pipe(v.number(), v.integer("expected a whole number"), v.minValue(1, "expected a round from 1"));
const drift = v.optional(v.strictObject({ kind: v.picklist(["sudden", "incremental", "recurrent"]), at: round }));
const clusters = v.pipe(
  v.number(),
  v.integer("expected a whole number"),
  v.minValue(2, "expected a whole number from 2"),
);
const globalTest = v.optional(v.picklist(["own", "federation"]));
export const shift: v.GenericSchema<ShiftConfig> = v.variant("kind", [
  v.strictObject({ kind: v.picklist(["rotation", "labels"]), clusters, drift, globalTest }),
  v.strictObject({ kind: v.literal("noise"), level: margin, squares: v.optional(count), globalTest }),
  v.strictObject({
    kind: v.literal("corruption"),
    corruptions: v.pipe(v.array(v.picklist(["none", ...corruptions])), v.minLength(1, "expected one at least")),
    severity: v.pipe(count, v.maxValue(5, "expected a whole number from 1 to 5")),
    globalTest,
  }),
]);
export const stream: v.GenericSchema<StreamOptions> = v.strictObject({
  by: v.picklist(["label", "row"]),
  width: v.pipe(rate, v.maxValue(1, "expected a number above 0 to 1")),
});
