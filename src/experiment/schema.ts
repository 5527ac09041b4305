// The shape of a config, and errors that say which field is wrong.
import { shown } from "../runtime/options.ts";
import * as v from "valibot";
import { catalogue } from "../data/index.ts";
import { problemOf } from "./chosenMethods.ts";
import { attackKinds } from "../federated/hosts/attacked.ts";
import { type Config, ConfigError } from "./config.ts";
import { isAddress } from "./ownNetworks.ts";
import { files } from "./schema/files.ts";
import { mixture } from "./schema/mixture.ts";
import { partition, shift, stream } from "./schema/partition.ts";
import { optimizer, ownOptimizer, training } from "./schema/training.ts";
import { count, finite, fraction, margin, name, rate, whole } from "./schema/values.ts";
import { checkTask } from "./tasks.ts";

const known: Readonly<Record<"dataset" | "model", readonly string[]>> = {
  dataset: Object.keys(catalogue),
  model: ["lenet", "mlp", "bilstm"],
};

const OPEN = "expected a number from 0.01 to 0.99";
const HAZARD = "expected a number from 0 to 0.5, or held-out";
const fields = v.strictObject({
  // it becomes a part of a folder's name
  preset: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/, "expected a name of letters and digits")),
  fidelity: v.picklist(["paper", "authors-code"]),
  dataset: name,
  files: v.optional(files),
  task: v.optional(v.picklist(["regression", "multi-label"])),
  model: v.pipe(
    v.string(),
    v.check(
      (model) => known.model.includes(model) || isAddress(model),
      `expected ${known.model.join(", ")} or the path of a module (./network.js)`,
    ),
  ),
  seed: v.pipe(finite, v.safeInteger("expected an integer below 2^53")),
  clients: count,
  partition,
  shift: v.optional(shift),
  stream: v.optional(stream),
  rows: v.strictObject({ train: count, validation: count, test: count }),
  optOut: fraction,
  ownRowsKeptBack: fraction,
  federation: v.strictObject({
    rounds: count,
    cohort: count,
    localEpochs: count,
    batchSize: count,
    lr: rate,
    validateEvery: count,
    patience: count,
    validationClients: count,
    dropout: v.optional(fraction),
    slow: v.optional(fraction),
    attack: v.optional(v.strictObject({ kind: v.picklist(attackKinds), share: fraction, scale: v.optional(rate) })),
    sampling: v.optional(v.picklist(["fixed", "poisson"])),
    privacy: v.optional(
      v.strictObject({
        kind: v.optional(v.picklist(["central", "local"])),
        clip: rate,
        epsilon: v.optional(rate),
        multiplier: v.optional(rate),
        delta: v.optional(v.pipe(rate, v.ltValue(1, "expected a number below 1"))),
        budget: v.optional(rate),
        quantile: v.optional(v.pipe(rate, v.ltValue(1, "expected a number below 1"))),
      }),
    ),
    optimizer: v.optional(optimizer),
  }),
  methods: v.optional(
    v.pipe(
      v.record(name, v.record(name, v.union([v.number(), v.string(), v.boolean()]))),
      v.rawCheck(({ dataset, addIssue }) => {
        const problem = dataset.typed ? problemOf(dataset.value) : "";
        if (problem) addIssue({ message: problem, received: Object.keys(dataset.value as object).join(", ") });
      }),
    ),
  ),
  training: v.optional(v.record(name, training)),
  clock: v.optional(
    v.strictObject({ every: v.optional(count), turn: v.optional(v.boolean()), globalRows: v.optional(count) }),
  ),
  personal: v.strictObject({
    clients: count,
    lr: rate,
    optimizer: v.optional(ownOptimizer),
    epochs: count,
    batchSize: count,
    validateEvery: count,
    patience: count,
    margin,
  }),
  mixture,
  posterior: v.optional(
    v.strictObject({
      rho: v.pipe(finite, v.minValue(0.01, OPEN), v.maxValue(0.99, OPEN)),
      hazard: v.union([v.pipe(finite, v.minValue(0, HAZARD), v.maxValue(0.5, HAZARD)), v.literal("held-out")], HAZARD),
      calibrate: v.boolean(),
      features: v.optional(v.boolean()),
    }),
  ),
  quirks: v.optional(
    v.strictObject({
      selection: v.optional(v.picklist(["average", "last-client"])),
      keep: v.optional(v.picklist(["best", "last"])),
      generalistDropout: v.optional(v.boolean()),
    }),
  ),
  checkpointEvery: whole,
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
);

/** Checks a config; the error names every field that is wrong, what it got and what was expected. */
export function parseConfig(input: unknown): Config {
  const result = v.safeParse(schema, input);
  if (result.success) {
    checkTask(result.output);
    return result.output;
  }
  const told = new Set<string>();
  const problems = result.issues.flatMap((issue) => {
    const path = v.getDotPath(issue) ?? "config";
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
  return received === "Object" && typeof value === "string" ? shown(value) : received;
}
