// Clients with a few classes each and no others: the "pathological" split of the literature, and its relatives.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, type Stepped, stepped, type Steps } from "../../runtime/steps.ts";
import { dirichlet } from "../distributions.ts";
import { apportion } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { type Choice, dealToHolders, holders } from "./holders.ts";
import { checkCounts, classCount, type Labels } from "./partition.ts";
import { Pool } from "./pool.ts";

/** A few classes for each client. */
export interface PathologicalOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Classes of each client. */
  readonly classes: number;
  /** Which ones; "groups" unless said. */
  readonly choice?: Choice;
  /** Whether a class is cut evenly over its holders (unless said) or at random, at least one row for each. */
  readonly cuts?: "equal" | "random";
}

/** Every client has `classes` classes. Rows of a class that nobody holds are nobody's; otherwise all are dealt. */
export const pathological: Stepped<[train: Labels, options: PathologicalOptions, key: Key], Hands> = stepped(
  function* (train, options, key) {
    const { clients, classes: each, choice = "groups", cuts = "equal" } = options;
    checkCounts("pathological", { clients: [clients, 1], classes: [each, 1] });
    if (cuts !== "equal" && cuts !== "random")
      throw new RangeError(`pathological: cuts, got ${String(cuts)}, expected equal or random`);
    const classes = classCount(train, []);
    const own = yield* holders("pathological", choice, { clients, each, classes }, new Stream(fold(key, "holders")));
    const pool = new Pool("pathological", "train", train, classes);
    const counts = yield* dealToHolders("pathological", own, pool.left, (c, rows, n) => {
      if (cuts === "equal") return apportion(new Float64Array(n).fill(1), rows);
      const shares = dirichlet(new Stream(fold(key, "cuts", c)), new Float64Array(n).fill(1));
      return apportion(shares, rows - n).map((count) => count + 1);
    });
    return yield* dealt(pool, own, counts, key);
  },
);

/** Label quantity, #C = k: client i has class i and k - 1 random others, a class is cut evenly (Li et al. 2022, NIID-Bench). */
export const labelQuantity: Stepped<
  [train: Labels, options: { readonly clients: number; readonly classes: number }, key: Key],
  Hands
> = stepped((train, options, key) => pathological.steps(train, { ...options, choice: "first", cuts: "equal" }, key));

/** Rows by these counts, drawn uniformly from each class. */
export function* dealt(
  pool: Pool,
  classes: readonly (readonly number[])[] | undefined,
  counts: readonly Int32Array[],
  key: Key,
  substituted = 0,
): Steps<Hands> {
  const rows = yield* inSteps(counts.length, (client) =>
    pool.takeAll(counts[client]!, new Stream(fold(key, "rows", client)), `client ${client}`),
  );
  return { rows, substituted, ...(classes && { classes }) };
}
