// Files of one's own.
import * as v from "valibot";
import type { Config } from "../config.ts";
import { count, finite, maybe, name, told, whole } from "./values.ts";

const names = v.array(name);
const folder = told(name, "where the files are; a relative path is from the config's own folder");
const pair = v.strictTuple([name, name]);
const classes = "what the classes are called, by number";
const column = v.variant("kind", [
  v.strictObject({
    kind: v.literal("number"),
    gaps: maybe(
      v.union([finite, v.picklist(["mean", "median"])], "expected a number, mean or median"),
      "what stands in for a gap: a number, or what is taken over the training rows",
      { unless: "gaps are refused" },
    ),
  }),
  v.strictObject({
    kind: v.literal("category"),
    most: maybe(count, "words with a column of their own, the most frequent; all others share one more", {
      unless: "64",
    }),
    gaps: maybe(v.picklist(["word", "most-frequent"]), "a gap is a word like others, or the most frequent one", {
      unless: "word",
    }),
  }),
]);

export const files: v.GenericSchema<NonNullable<Config["files"]>> = v.variant("kind", [
  v.strictObject({
    kind: v.literal("csv"),
    folder,
    train: told(name, "the file; a `*` in its name stands for a client, before the last slash for a client's folder"),
    test: maybe(name, "the file of test rows", { unless: "a fifth of the training rows, of every client's" }),
    label: told(v.union([name, v.array(name)], "expected a column's name, or names"), "the column of the class", {
      matters: "with `task` the columns of the targets",
    }),
    client: maybe(name, "the column that says whose a row is", {
      unless: "nothing says it, or a `*` in `train`",
      matters: "`partition.kind=column`",
    }),
    group: maybe(name, "the column that says which group of people a row is of; it is no input then", {
      unless: "nothing says it",
      matters: "gaps between groups in records and tables; fair-fca and fair-flhc",
    }),
    positive: maybe(name, "the class that is to one's good, where rows have groups", { unless: "the last one" }),
    windows: maybe(
      v.strictObject({
        past: told(count, "rows that an example sees, of a client's in the order of the file"),
        ahead: maybe(whole, "how many rows after the last of them the target is", {
          unless: "1 in a regression, and 0, the last one's class, where rows have classes",
        }),
      }),
      "rows are steps in time, and an example is a window of them; the last fifth of each series tests",
      { unless: "a row is an example" },
    ),
    // a column without a name can be left out only
    ignore: maybe(v.array(v.string()), "columns that are left out", { unless: "none" }),
    shape: maybe(v.array(count), "the shape of one example", { unless: "as many numbers as columns" }),
    standardize: maybe(v.boolean(), "columns have mean 0 and deviation 1 over the training rows", { unless: "true" }),
    columns: maybe(v.record(name, column), "columns that are not plain numbers, by name", { unless: "none" }),
    missing: maybe(v.array(v.string()), "what an empty cell looks like, besides nothing at all", { unless: "nothing" }),
  }),
  v.strictObject({
    kind: v.literal("npy"),
    folder,
    classes: maybe(names, classes, { unless: "their numbers" }),
    client: maybe(name, "`writer` reads writer_train.npy and writer_test.npy, whose a row is", {
      unless: "nothing says it",
      matters: "`partition.kind=column`",
    }),
  }),
  v.strictObject({
    kind: v.literal("idx"),
    folder,
    train: told(pair, "the files of images and of labels"),
    test: told(pair, "the same of test rows"),
    classes: maybe(names, classes, { unless: "their numbers" }),
  }),
  v.strictObject({
    kind: v.literal("cifar"),
    folder,
    train: told(names, "files of records"),
    test: told(names, "the same of test rows"),
    labelBytes: told(
      v.picklist([1, 2]),
      "bytes of labels in front of a record's pixels: 1 in CIFAR-10, 2 in CIFAR-100",
    ),
    classes: told(names, classes),
  }),
]);
