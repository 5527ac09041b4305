// The shape of a config, and errors that say which field is wrong.
import { shown } from "../runtime/options.ts";
import * as v from "valibot";
import { catalogue, corruptions } from "../data/index.ts";
import { paperRows } from "../moe/personalized.ts";
import { problemOf } from "./chosenMethods.ts";
import { attackKinds } from "../federated/hosts/attacked.ts";
import { type Config, ConfigError } from "./config.ts";
import { isAddress } from "./ownNetworks.ts";
import { gateRows } from "./personal.ts";

// a config is written as JSON, which has no others
const finite = v.pipe(v.number(), v.finite("expected a finite number"));
const fraction = v.pipe(
  finite,
  v.minValue(0, "expected a number from 0 to 1"),
  v.maxValue(1, "expected a number from 0 to 1"),
);
const count = v.pipe(finite, v.integer("expected a whole number"), v.minValue(1, "expected a whole number from 1"));
const whole = v.pipe(finite, v.integer("expected a whole number"), v.minValue(0, "expected a whole number from 0"));
const warmup = v.optional(
  v.pipe(finite, v.integer("expected a whole number"), v.minValue(0, "expected a number from 0")),
);
const rate = v.pipe(finite, v.gtValue(0, "expected a number above 0"));

const margin = v.pipe(finite, v.minValue(0, "expected a number from 0"));

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
const partition = v.variant("kind", [
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
const shift = v.variant("kind", [
  v.strictObject({ kind: v.picklist(["rotation", "labels"]), clusters, drift }),
  v.strictObject({ kind: v.literal("noise"), level: margin, squares: v.optional(count) }),
  v.strictObject({
    kind: v.literal("corruption"),
    corruptions: v.pipe(v.array(v.picklist(["none", ...corruptions])), v.minLength(1, "expected one at least")),
    severity: v.pipe(count, v.maxValue(5, "expected a whole number from 1 to 5")),
  }),
]);
const stream = v.strictObject({
  by: v.picklist(["label", "row"]),
  width: v.pipe(rate, v.maxValue(1, "expected a number above 0 to 1")),
});

const name = v.pipe(v.string(), v.minLength(1, "expected a name"));
const names = v.array(name);
const folder = name;
const pair = v.strictTuple([name, name]);
const files = v.variant("kind", [
  v.strictObject({
    kind: v.literal("csv"),
    folder,
    train: name,
    test: v.optional(name),
    label: name,
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

const known: Readonly<Record<"dataset" | "model", readonly string[]>> = {
  dataset: Object.keys(catalogue),
  model: ["lenet", "mlp", "bilstm"],
};

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

const steps = {
  kind: v.optional(v.picklist(["adam", "sgd"])),
  momentum: v.optional(fraction),
  nesterov: v.optional(v.boolean()),
  weightDecay: v.optional(margin),
  clip: v.optional(rate),
};
const optimizer = v.optional(
  v.strictObject({
    ...steps,
    schedule: v.optional(
      v.variant("kind", [
        v.strictObject({ kind: v.literal("constant"), warmup }),
        v.strictObject({ kind: v.literal("exponential"), gamma: rate, every: v.optional(count), warmup }),
        v.strictObject({ kind: v.literal("linear"), rounds: count, end: fraction, warmup }),
        v.strictObject({ kind: v.literal("cosine"), rounds: count, end: v.optional(fraction), warmup }),
        v.strictObject({
          kind: v.literal("one-cycle"),
          rounds: count,
          rise: v.optional(fraction),
          start: v.optional(fraction),
          end: v.optional(fraction),
          warmup,
        }),
      ]),
    ),
  }),
);
const training = v.strictObject({
  rounds: v.optional(count),
  cohort: v.optional(count),
  localEpochs: v.optional(count),
  batchSize: v.optional(count),
  lr: v.optional(rate),
  optimizer,
});

const OPEN = "expected a number from 0.01 to 0.99";
const HAZARD = "expected a number from 0 to 0.5, or held-out";
const fields = v.strictObject({
  // it becomes a part of a folder's name
  preset: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/, "expected a name of letters and digits")),
  fidelity: v.picklist(["paper", "authors-code"]),
  dataset: name,
  files: v.optional(files),
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
        clip: rate,
        epsilon: v.optional(rate),
        multiplier: v.optional(rate),
        delta: v.optional(v.pipe(rate, v.ltValue(1, "expected a number below 1"))),
        budget: v.optional(rate),
        quantile: v.optional(v.pipe(rate, v.ltValue(1, "expected a number below 1"))),
      }),
    ),
    optimizer,
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
    optimizer: v.optional(v.strictObject(steps)),
    epochs: count,
    batchSize: count,
    validateEvery: count,
    patience: count,
    margin,
  }),
  mixture: v.strictObject({
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
  }),
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
  if (result.success) return result.output;
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
