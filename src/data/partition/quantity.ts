// Quantity skew: clients of very different sizes whose rows are all alike.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { exp, pow } from "../../runtime/scalar.ts";
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import { normal } from "../distributions.ts";
import { apportion } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { checkCounts, type Labels } from "./partition.ts";

/**
 * "log-normal": e to a normal number times `spread` (Li et al. 2020, FedProx's data); "power-law": the k-th largest has
 * k^-spread, in random order; "linear", "square", "exponential": client i has i + 1, its square, e^(i + 1) (Flower's).
 */
export type QuantityLaw = "log-normal" | "power-law" | "linear" | "square" | "exponential";

const laws: readonly QuantityLaw[] = ["log-normal", "power-law", "linear", "square", "exponential"];

/** Sizes by a law, classes alike. */
export interface QuantityOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** How sizes are distributed. */
  readonly law: QuantityLaw;
  /** From 0, which is equal sizes; of the first two laws only, 1 unless said. */
  readonly spread?: number;
}

/** Sizes in proportion to the law, each at least 0, summing to `rows`. */
export const sizesBy: Stepped<[options: QuantityOptions, rows: number, key: Key], Int32Array> = stepped(function* (
  { clients, law, spread = 1 },
  rows,
  key,
) {
  checkCounts("quantity", { clients: [clients, 1] });
  if (!(spread >= 0 && spread <= 100))
    throw new RangeError(`quantity: spread, got ${spread}, expected a number from 0 to 100`);
  if (!laws.includes(law)) throw new RangeError(`quantity: law, got ${String(law)}, expected ${laws.join(", ")}`);
  if (!(Number.isSafeInteger(rows) && rows >= 0))
    throw new RangeError(`quantity: rows, got ${rows}, expected a whole number of at least 0`);
  const stream = new Stream(fold(key, "sizes"));
  const order = stream.choose(clients, clients);
  const drawn = yield* inSteps(clients, (i) => {
    switch (law) {
      case "log-normal":
        return spread * normal(stream);
      case "power-law":
        return pow(order[i]! + 1, -spread);
      case "linear":
        return i + 1;
      case "square":
        return (i + 1) * (i + 1);
      case "exponential":
        return i;
    }
  });
  const weights = Float64Array.from(drawn);
  if (law !== "log-normal" && law !== "exponential") return apportion(weights, rows);
  // exponents, of which the largest becomes 1: none overflows
  const most = weights.reduce((a, b) => Math.max(a, b), -Infinity);
  return apportion(
    weights.map((weight) => exp(weight - most)),
    rows,
  );
});

/** Rows are dealt uniformly in hands of such sizes; all of them are. */
export const quantity: Stepped<[train: Labels, options: QuantityOptions, key: Key], Hands> = stepped(
  function* (train, options, key) {
    const sizes = yield* sizesBy.steps(options, train.length, key);
    const rows = new Stream(fold(key, "rows")).choose(train.length, train.length);
    let at = 0;
    return { rows: yield* inSteps(sizes.length, (i) => rows.slice(at, (at += sizes[i]!))), substituted: 0 };
  },
);
