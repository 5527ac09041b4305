// Who owns which rows, and how clients see them.
import * as v from "valibot";
import { corruptions, type StreamOptions } from "../../data/index.ts";
import type { ShiftConfig } from "../shiftKinds.ts";
import type { PartitionConfig } from "../partitionKinds.ts";
import { count, fraction, margin, maybe, rate, told, whole } from "./values.ts";

const minimum = maybe(
  v.strictObject({
    train: told(v.exactOptional(count), "training rows", { unless: "1" }),
    validation: told(v.exactOptional(whole), "validation rows", { unless: "1" }),
    test: told(v.exactOptional(whole), "test rows", { unless: "1" }),
  }),
  "the least rows of a client",
  { unless: "1 of each" },
);
const all = maybe(
  v.boolean(),
  "all rows of a client, parted in the proportion of `rows`, rather than so many at most",
  {
    unless: "false",
  },
);
// what becomes of the hands that a law deals
const hands = {
  all,
  minimum,
  repair: maybe(v.picklist(["refuse", "move"]), "clients below the minimum: an error, or rows of the largest", {
    unless: "refuse",
  }),
};
const alpha = told(rate, "the Dirichlet law's alpha: the smaller, the more clients differ");
const classes = told(count, "classes of a client");
const seed = told(
  v.pipe(whole, v.maxValue(2 ** 32 - 1, "expected a whole number from 0 to 2^32 - 1")),
  "NumPy's seed there; the run's has no part in who owns what",
);
const own = told(v.array(whole), "rows of a client, by their numbers");
export const partition: v.GenericSchema<PartitionConfig> = v.variant("kind", [
  v.strictObject({
    kind: v.literal("majority"),
    p: told(fraction, "fraction of a client's rows from its two majority classes", {
      matters: "how much clients differ",
    }),
    overlap: told(v.boolean(), "two clients may have a majority class in common"),
  }),
  v.strictObject({ kind: v.picklist(["dirichlet-labels", "dirichlet-sizes"]), alpha }),
  v.strictObject({ kind: v.literal("iid") }),
  v.strictObject({
    kind: v.literal("column"),
    all,
    minimum,
    repair: maybe(v.picklist(["refuse", "drop"]), "owners below the minimum: an error, or no clients", {
      unless: "refuse",
    }),
    heldOut: maybe(
      v.union([fraction, v.array(v.string())], "expected a number from 0 to 1, or names of clients"),
      "clients that the federation never sees, as a share or by name",
      { unless: "none" },
    ),
  }),
  v.strictObject({
    kind: v.literal("given"),
    labels: maybe(v.string(), "SHA-256 of the labels of both splits; rows of other data are refused", {
      unless: "nothing is compared",
    }),
    pooled: maybe(v.boolean(), "rows are numbered in both splits together, test rows behind training rows", {
      unless: "false",
    }),
    clients: told(
      v.pipe(
        v.array(
          v.strictObject({
            name: maybe(v.string(), "what the client is called", { unless: "its number" }),
            train: own,
            validation: own,
            test: own,
            classes: maybe(v.array(whole), "its majority classes, or those it has", { unless: "those of its rows" }),
          }),
        ),
        v.minLength(1, "expected a client at least"),
      ),
      "every client's rows: `train`, `validation` and `test`, by their numbers",
    ),
    heldOut: maybe(v.array(whole), "clients that the federation never sees, by number", { unless: "none" }),
  }),
  v.strictObject({ kind: v.literal("shards"), shards: told(count, "pieces of a client"), ...hands }),
  v.strictObject({
    kind: v.literal("pathological"),
    classes,
    choice: told(v.picklist(["groups", "cyclic", "first", "random", "balanced"]), "which classes a client has"),
    cuts: told(v.picklist(["equal", "random"]), "how a class is cut between those who have it"),
    ...hands,
  }),
  v.strictObject({ kind: v.literal("label-quantity"), classes, ...hands }),
  v.strictObject({
    kind: v.literal("dirichlet-shares"),
    alpha,
    balanced: told(v.boolean(), "who has a full share of rows gets no more"),
    ...hands,
  }),
  v.strictObject({ kind: v.literal("dirichlet-inner"), alpha, ...hands }),
  v.strictObject({ kind: v.literal("dirichlet-extended"), classes, alpha, ...hands }),
  v.strictObject({
    kind: v.literal("clusters"),
    clusters: told(count, "clusters, each of which has all rows"),
    ...hands,
  }),
  v.strictObject({
    kind: v.literal("pfllib"),
    split: told(v.picklist(["dir", "pat", "iid"]), "PFLlib's own splits"),
    alpha,
    classes,
    seed,
    validation: told(
      v.pipe(fraction, v.ltValue(1, "expected a number below 1")),
      "the part of a client's training rows that validates, which PFLlib trains on",
    ),
  }),
  v.strictObject({
    kind: v.literal("niid-bench"),
    split: told(v.picklist(["iid", "dirichlet", "label-quantity"]), "niid_bench's own splits"),
    alpha,
    classes,
    seed,
    ...hands,
  }),
  v.strictObject({
    kind: v.literal("quantity"),
    law: told(v.picklist(["log-normal", "power-law", "linear", "square", "exponential"]), "how sizes are distributed"),
    spread: told(
      v.pipe(margin, v.maxValue(100, "expected a number from 0 to 100")),
      "how far, from 0, which is equal",
      {
        matters: "log-normal, power-law",
      },
    ),
    ...hands,
  }),
]);

const round = v.pipe(v.number(), v.integer("expected a whole number"), v.minValue(1, "expected a round from 1"));
const drift = maybe(
  v.strictObject({
    kind: told(
      v.picklist(["sudden", "incremental", "recurrent"]),
      "all at once, one client after another, or all at every multiple of `at`",
    ),
    at: told(round, "the round in which it begins"),
  }),
  "clusters move on to the next one's view in the course of the rounds",
  { unless: "they stay" },
);
const clusters = told(
  v.pipe(v.number(), v.integer("expected a whole number"), v.minValue(2, "expected a whole number from 2")),
  "views that there are: client i has the i-th, modulo so many",
);
const globalTest = maybe(v.picklist(["own", "federation"]), "as whom a client sees rows of its global test", {
  unless: "own",
});
const unseen = maybe(count, "so many domains, the last ones, whose clients take no part and are tested as new ones", {
  unless: "every domain takes part",
});
export const shift: v.GenericSchema<ShiftConfig> = v.variant("kind", [
  v.strictObject({ kind: v.picklist(["rotation", "labels"]), clusters, drift, unseen, globalTest }),
  v.strictObject({
    kind: v.literal("noise"),
    level: told(margin, "deviation of the last client's noise; client i has i / (clients - 1) of it"),
    squares: maybe(count, "squares a side: client i has its noise in square i alone", { unless: "the whole image" }),
    globalTest,
  }),
  v.strictObject({
    kind: v.literal("corruption"),
    corruptions: told(
      v.pipe(v.array(v.picklist(["none", ...corruptions])), v.minLength(1, "expected one at least")),
      "client i has the i-th of them, modulo their number",
    ),
    severity: told(v.pipe(count, v.maxValue(5, "expected a whole number from 1 to 5")), "how strong they are"),
    unseen,
    globalTest,
  }),
]);
export const stream: v.GenericSchema<StreamOptions> = v.strictObject({
  by: told(v.picklist(["label", "row"]), "a client's rows come sorted by class, or by their number"),
  width: told(
    v.pipe(rate, v.maxValue(1, "expected a number above 0 to 1")),
    "the part of its rows that a client has at a time",
  ),
});
