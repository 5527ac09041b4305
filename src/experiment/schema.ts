// The shape of a config, and errors that say which field is wrong.
import { shown } from "../runtime/options.ts";
import * as v from "valibot";
import { catalogue, generated } from "../data/index.ts";
import { problemOf } from "./chosenMethods.ts";
import { type Config, ConfigError } from "./config.ts";
import { isAddress } from "./ownNetworks.ts";
import { fieldsOf } from "./schema/declared.ts";
import type { Field } from "./schema/field.ts";
import { federation } from "./schema/federation.ts";
import { files } from "./schema/files.ts";
import { mixture } from "./schema/mixture.ts";
import { partition, shift, stream } from "./schema/partition.ts";
import { clock, personal, posterior, quirks } from "./schema/personal.ts";
import { training } from "./schema/training.ts";
import { count, finite, fraction, maybe, name, place, told, whole } from "./schema/values.ts";
import { checkTask } from "./tasks.ts";

const known: Readonly<Record<"dataset" | "model", readonly string[]>> = {
  dataset: [...Object.keys(catalogue), ...Object.keys(generated)],
  model: ["lenet", "mlp", "bilstm", "transformer", "moe", "soft-moe", "factors", "chain"],
};

const oneOfModels = `expected ${known.model.join(", ")} or the path of a module (./network.js)`;

const fields = v.strictObject({
  // it becomes a part of a folder's name
  preset: told(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/, "expected a name of letters and digits")),
    "what the config began as: what it leaves out is taken from there; any name once it is complete",
    { matters: "the run folder's name" },
  ),
  fidelity: told(v.picklist(["paper", "authors-code"]), "the method as meant, or the authors' code bug for bug"),
  dataset: told(name, "a dataset known by name or, with `files`, any name for one's own"),
  files: maybe(files, "files of one's own (docs/embedding.md)", { unless: "a known dataset" }),
  task: maybe(v.picklist(["regression", "multi-label"]), "what rows are asked for", {
    unless: "one class of several",
    matters: "`files.kind` csv or npy, `model=mlp` or one's own, and partitions that need no classes",
  }),
  model: told(
    v.pipe(
      v.string(),
      v.check((model) => known.model.includes(model) || isAddress(model), oneOfModels),
    ),
    "the network, or a module that exports an expert and a gate",
  ),
  seed: told(v.pipe(finite, v.safeInteger("expected an integer below 2^53")), "the seed of everything random"),
  clients: told(count, "how many clients there are"),
  partition: told(partition, "who owns which rows (docs/partitions.md)"),
  shift: maybe(shift, "how clients differ in what they see of their rows, or what they call it", {
    unless: "in nothing",
  }),
  stream: maybe(stream, "rows come in order in the course of the rounds", {
    unless: "a client has all of its rows in every round",
  }),
  rows: told(
    v.strictObject({
      train: told(count, "training rows of a client"),
      validation: told(whole, "rows that choose moments, constants and gates; 0 where nobody validates", {
        matters: "of the training split",
      }),
      test: told(whole, "rows of its local test, of its own distribution; 0 where nobody is evaluated", {
        matters: "how sure an accuracy is",
      }),
    }),
    "how many rows a client has",
  ),
  optOut: told(fraction, "fraction of the clients that never send"),
  ownRowsKeptBack: told(fraction, "fraction of every client's training rows that the federation never uses"),
  publicRows: maybe(
    count,
    "rows of the training split that are no client's and that everybody may see, as many of each class as can be",
    {
      unless: "none",
      matters: "methods that learn on such rows: fed-moe",
    },
  ),
  federation: told(federation, "how the federation trains"),
  methods: maybe(
    v.pipe(
      v.record(name, v.record(name, v.union([v.number(), v.string(), v.boolean()]))),
      v.rawCheck(({ dataset, addIssue }) => {
        const problem = dataset.typed ? problemOf(dataset.value) : "";
        if (problem) addIssue({ message: problem, received: Object.keys(dataset.value as object).join(", ") });
      }),
    ),
    "federated methods to compare, by name or a module's address, each with the options that are not its defaults",
    { unless: "FedAvg, and the paper's methods made from it", matters: "`moiety methods NAME` lists options" },
  ),
  training: maybe(v.record(name, training), "how single methods are trained, by name", {
    unless: "as `federation` says",
    matters: "presets of methods write it",
  }),
  clock: maybe(clock, "when models of compared methods are tested, beside the end", {
    unless: "at the end alone",
    matters: "with `methods`",
  }),
  personal: told(personal, "how clients train for themselves"),
  mixture: told(mixture, "how mixtures train and what their gates are"),
  posterior: maybe(posterior, "a gate by how likely an input is the client's own, beside the paper's methods", {
    unless: "none",
    matters: "`--gate posterior` says it",
  }),
  quirks: maybe(quirks, "single behaviours that differ from the fidelity's (docs/fidelity.md)", {
    unless: "the fidelity's",
  }),
  checkpointEvery: told(whole, "federated rounds between checkpoints; 0: none", {
    matters: "what a kill costs, and time on a slow disk",
  }),
});

const schema = v.pipe(
  fields,
  v.forward(
    v.check(
      ({ dataset, files }) => files !== undefined || known.dataset.includes(dataset),
      `expected ${known.dataset.join(", ")}, or files of your own`,
    ),
    ["dataset"],
  ),
  v.forward(
    v.check(
      ({ rows, federation }) => rows.validation > 0 || federation.validateEvery === 0,
      "expected 0, never, as rows.validation is 0",
    ),
    ["federation", "validateEvery"],
  ),
  v.forward(
    v.check(({ rows, personal }) => rows.test > 0 || personal.clients === 0, "expected 0, nobody, as rows.test is 0"),
    ["personal", "clients"],
  ),
);

/** Every field of a config with its meaning and its limits. */
export function configFields(): Field[] {
  return fieldsOf(fields);
}

/** Checks a config; the error names every field that is wrong, what it got and what was expected. */
export function parseConfig(input: unknown): Config {
  const result = v.safeParse(schema, input);
  if (result.success) {
    checkTask(result.output);
    return result.output;
  }
  const told = new Set<string>();
  const problems = result.issues.flatMap((issue) => {
    const path = place(issue) ?? "config";
    // one field, one problem: the first is what the others follow from
    if (told.has(path)) return [];
    told.add(path);
    if (issue.type === "strict_object" && issue.expected === "never") return `${path}: there is no such field`;
    if (issue.type === "strict_object" && issue.received === "undefined") return `${path}: is missing`;
    // the library's own words, where no others were given, are: Invalid type: Expected number but received "fast"
    const message = issue.message.startsWith("Invalid")
      ? `expected ${(issue.expected ?? "").replaceAll(/["()]/g, "").replaceAll(" | ", " or ")}`
      : issue.message;
    return `${path}: got ${received(issue)}, ${message}`;
  });
  throw new ConfigError(`config: ${problems.join("; ")}`);
}

// what stands in the field, where the library would say its length, or what the whole config is
function received({ type, received, path, input }: v.BaseIssue<unknown>): string {
  const value = path ? path.at(-1)!.value : input;
  if (type === "min_length") return Array.isArray(value) ? "none" : shown(value);
  return received === "Object" && typeof value !== "object" ? shown(value) : received;
}
