// The gate that every record of a run folder passes on its way in: JSON, the version we write, and fields of the types they
// are said to have. What is behind it may be drawn and printed as it is.
import * as v from "valibot";
import type { RoundsState } from "../federated/roundsState.ts";
import type { Marks } from "../federated/states.ts";
import type { Measured } from "./measured.ts";
import { recordVersion, type Summary } from "../report/records.ts";
import type { Metric } from "../report/metrics.ts";
import { checked } from "./checked.ts";
import type { Origin } from "./origin.ts";
import { parseConfig } from "./schema.ts";
import { number, result, stat } from "./schema/figures.ts";
import type { SweepPlan } from "./sweep.ts";

const index = v.pipe(v.number(), v.safeInteger("expected a whole number"), v.minValue(0, "expected a number from 0"));
const text = v.string();
const texts = v.array(text);
const numbers = v.array(number);
// a method's name becomes a column's and a figure's
const method = v.pipe(text, v.regex(/^[A-Za-z][\w+-]*$/, "expected a name of letters and digits"));

const cost = { rounds: index, epsilon: number, delta: number, multiplier: number, clip: number };
const privacy = v.variant("kind", [
  v.object({
    kind: v.literal("central"),
    ...cost,
    accountant: v.picklist(["pld", "rdp"]),
    sampling: v.picklist(["fixed", "poisson"]),
    noise: v.optional(v.picklist(["simulated", "cryptographic"])),
  }),
  v.object({ kind: v.literal("local"), ...cost, stopped: index }),
]);

const summary = v.pipe(
  v.object({
    version: v.literal(recordVersion),
    preset: text,
    fidelity: text,
    dataset: text,
    seed: v.number(),
    p: v.nullable(v.number()),
    optOut: v.number(),
    ownRowsKeptBack: v.number(),
    clients: index,
    rounds: index,
    bestRound: v.number(),
    wallSeconds: number,
    phases: v.record(text, number),
    weightsSha256: v.pipe(text, v.regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits")),
    kernels: v.optional(v.picklist(["plain", "relaxed", "wide"])),
    evaluatedClients: index,
    methods: v.record(method, result),
    federations: v.optional(
      v.record(
        method,
        v.object({
          rounds: index,
          bestRound: v.number(),
          down: number,
          up: number,
          peer: v.optional(number),
          privacy: v.optional(privacy),
          attack: v.optional(v.object({ kind: text, scale: number, liars: v.array(index) })),
        }),
      ),
    ),
    task: v.optional(v.picklist(["regression", "multi-label"])),
    classNames: v.optional(texts),
    gates: v.optional(v.record(method, v.object({ own: stat, other: stat, spread: stat }))),
    command: text,
    runtime: text,
  }),
  v.forward(
    v.check(
      ({ methods, evaluatedClients }) => evaluatedClients === 0 || Object.keys(methods).length > 0,
      "expected one method at least",
    ),
    ["methods"],
  ),
);

const optionalNumber = v.optional(number);
const ofRegression = {
  localRmse: optionalNumber,
  globalRmse: optionalNumber,
  localMae: optionalNumber,
  globalMae: optionalNumber,
};
const ofGroups = {
  localParity: optionalNumber,
  globalParity: optionalNumber,
  localOpportunity: optionalNumber,
  globalOpportunity: optionalNumber,
};
// every figure of one model on one client
const figures = {
  localTest: number,
  globalTest: number,
  localNll: number,
  globalNll: number,
  localEce: number,
  globalEce: number,
  localF1: number,
  globalF1: number,
  localAuc: number,
  globalAuc: number,
};
const reading = {
  method,
  moment: v.picklist(["validated", "last"]),
  model: v.picklist(["global", "before", "after", "mixed"]),
  ...figures,
};
const curve = { method, dial: text, at: numbers, localTest: numbers, globalTest: numbers };
const metric = v.variant("kind", [
  v.object({
    kind: v.literal("round"),
    method: v.optional(method),
    round: index,
    clients: v.array(index),
    trainLoss: optionalNumber,
    validationLoss: optionalNumber,
    validationAccuracy: optionalNumber,
    best: v.optional(v.boolean()),
    refused: v.optional(v.array(v.object({ client: index, fault: text, reason: text }))),
    down: optionalNumber,
    up: optionalNumber,
    peer: optionalNumber,
    seconds: number,
  }),
  v.object({
    kind: v.literal("epoch"),
    client: index,
    method,
    epoch: index,
    trainLoss: optionalNumber,
    validationLoss: number,
    validationAccuracy: number,
    best: v.boolean(),
  }),
  v.object({
    kind: v.literal("client"),
    client: index,
    method,
    optedOut: v.boolean(),
    localTest: number,
    globalTest: number,
    localNll: number,
    globalNll: number,
    localEce: optionalNumber,
    globalEce: optionalNumber,
    localF1: optionalNumber,
    globalF1: optionalNumber,
    localAuc: optionalNumber,
    globalAuc: optionalNumber,
    ...ofRegression,
    ...ofGroups,
    testRows: v.optional(index),
    cluster: v.optional(index),
    load: v.optional(numbers),
    lawTest: optionalNumber,
    epochs: optionalNumber,
    bestEpoch: optionalNumber,
    bestLoss: optionalNumber,
  }),
  v.object({ kind: v.literal("clock"), client: index, ...reading }),
  v.object({
    kind: v.literal("tick"),
    method,
    round: index,
    clients: v.array(index),
    localTest: numbers,
    globalTest: numbers,
  }),
  v.object({
    kind: v.literal("gate"),
    client: index,
    own: numbers,
    other: numbers,
    perClass: numbers,
    ownMean: optionalNumber,
    otherMean: optionalNumber,
    spread: optionalNumber,
    classes: v.optional(v.array(index)),
  }),
  v.object({ kind: v.literal("curve"), client: index, ...curve }),
]);

const plan = v.object({
  base: v.unknown(),
  variations: v.array(v.object({ path: text, values: v.array(v.unknown()) })),
  seeds: v.number(),
  apart: v.optional(v.boolean()),
});

const progress = v.object({
  round: index,
  bestRound: v.pipe(v.number(), v.safeInteger("expected a whole number"), v.minValue(-1)),
  // JSON has no Infinity: null before the first validation
  bestLoss: v.nullable(v.number()),
  waited: index,
  bytes: v.object({ down: index, up: index, peer: v.exactOptional(index) }),
  // which turn's state each client is at, and was at the best moment
  marks: v.record(v.pipe(text, v.regex(/^\d+$/, "expected a client's number")), index),
  bestMarks: v.record(v.pipe(text, v.regex(/^\d+$/, "expected a client's number")), index),
  done: v.boolean(),
  seconds: v.number(),
  data: text,
  config: text,
  kernels: v.optional(v.picklist(["plain", "relaxed", "wide"]), "plain"),
});

const trust = { ownMean: number, otherMean: number, spread: number };
const scores = v.object({ ...figures, ...ofRegression, ...ofGroups, lawTest: optionalNumber });
const measured = v.object({
  client: index,
  scores: v.record(method, scores),
  epochs: v.record(method, v.object({ epochs: index, bestEpoch: v.number(), bestLoss: number })),
  trust: v.optional(v.object({ own: numbers, other: numbers, perClass: numbers, ...trust })),
  gates: v.record(method, v.object(trust)),
  constantWeight: optionalNumber,
  readings: v.optional(v.array(v.object(reading))),
  clusters: v.optional(v.record(method, index)),
  loads: v.optional(v.record(method, numbers)),
  curves: v.optional(v.array(v.object(curve))),
  validations: v.array(
    v.object({
      method,
      epoch: index,
      trainLoss: number,
      validationLoss: number,
      validationAccuracy: number,
      best: v.boolean(),
    }),
  ),
});

const failure = v.object({ version: v.literal(recordVersion), reason: text });

/** A summary as summary.json has it; a ConfigError that names file and field for what is none, or of another version. */
export function parseSummary(input: unknown, name: string): Summary {
  return checked(summary, input, name) as unknown as Summary;
}

/** A line of metrics.jsonl; `name` says which file and line. */
export function parseMetric(input: unknown, name: string): Metric {
  return checked(metric, input, name) as Metric;
}

/** Why a run of a sweep has no result. */
export function parseFailure(input: unknown, name: string): { readonly reason: string } {
  return checked(failure, input, name);
}

/** What a sweep's folder says it is: sweep.json. */
export function parsePlan(input: unknown, name: string): SweepPlan {
  const { base, ...rest } = checked(plan, input, name);
  return { base: parseConfig(base), ...rest };
}

/** What a checkpoint says beside its weights. */
export interface ProgressRecord extends Omit<RoundsState, "now" | "best" | "bestLoss">, Origin {
  /** Null before the first validation. */
  readonly bestLoss: number | null;
  readonly marks: Marks;
  readonly bestMarks: Marks;
  readonly seconds: number;
}

/** The counters of a federation on its way, and what it is of. */
export function parseProgress(input: unknown, name: string): ProgressRecord {
  return checked(progress, input, name, "remove it and the federation runs again, to the same numbers");
}

/** What was measured of a client, in the order in which it was written. */
export function parseMeasured(input: unknown, name: string): Omit<Measured, "kept"> {
  // a run of an older moiety measured less
  checked(measured, input, name, "remove it, and the client is done again");
  return withoutNulls(input) as Omit<Measured, "kept">;
}

function withoutNulls(value: unknown): unknown {
  if (value === null) return NaN;
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNulls(inner)]));
}
