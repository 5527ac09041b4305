// The other Dirichlet label skew of the literature: every class is dealt out over the clients, all data are used, and both
// classes and sizes differ (Hsu et al. 2019; the "Dirichlet" of most federated benchmarks).
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { exp } from "../../runtime/scalar.ts";
import { inSteps, OFTEN, type Stepped, stepped, type Steps } from "../../runtime/steps.ts";
import { logDirichletSteps } from "../distributions.ts";
import { apportion, largest } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { checkCounts, classCount, type ClientRows, type Labels, type Partition } from "./partition.ts";
import { dealt } from "./pathological.ts";
import { Pool } from "./pool.ts";
import { Richest } from "./richest.ts";

/** Every class dealt out over the clients, to hands of one size. */
export interface DirichletSharesOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Concentration of the law by which a class is dealt out. */
  readonly alpha: number;
  /** The least rows, training and validation together, a client has; at least 1. */
  readonly minimumRows: number;
  /** The part of a client's rows that validates, below 1; rounded down. */
  readonly validationShare: number;
  /** Test rows of each client. */
  readonly testRows: number;
}

/** Moves rows from the largest client's largest class to each client below the minimum; returns how many. */
function* raise(counts: readonly Int32Array[], minimum: number): Steps<number> {
  const sizes = counts.map((row) => row.reduce((sum, n) => sum + n, 0));
  const richest = new Richest(sizes);
  let moved = 0;
  for (const [poor, row] of counts.entries()) {
    for (; sizes[poor]! < minimum; moved++) {
      const rich = richest.take();
      const c = largest(counts[rich]!);
      counts[rich]![c]!--;
      row[c]!++;
      sizes[poor]!++;
    }
    if (poor % OFTEN === OFTEN - 1) yield;
  }
  return moved;
}

/**
 * Deals every class out over the clients in proportions from Dirichlet(alpha, ..., alpha); every row of the train split is
 * used. Clients below `minimumRows` get rows of the largest clients, counted as substituted; nothing is drawn again.
 * Validation and test rows are in the proportions of the client's own.
 */
export const dirichletShares: Stepped<
  [train: Labels, test: Labels, options: DirichletSharesOptions, key: Key],
  Partition
> = stepped(function* (train, test, options, key) {
  const { clients, alpha, minimumRows, validationShare, testRows } = options;
  checkCounts("dirichletShares", { clients: [clients, 1], minimumRows: [minimumRows, 1], testRows: [testRows, 0] });
  if (!(validationShare >= 0 && validationShare < 1))
    throw new RangeError(
      `dirichletShares: validationShare, got ${validationShare}, expected a number from 0 to below 1`,
    );
  if (clients * minimumRows > train.length)
    throw new RangeError(
      `dirichletShares: rows of the train split, got ${train.length}, expected ${clients * minimumRows} for ${clients} ` +
        `clients with ${minimumRows} rows at least; lower clients or minimumRows`,
    );
  const classes = classCount(train, test);
  const pool = new Pool("dirichletShares", "train", train, classes);
  const testPool = new Pool("dirichletShares", "test", test, classes);
  const counts = yield* inSteps(clients, () => new Int32Array(classes));
  for (let c = 0; c < classes; c++) {
    const stream = new Stream(fold(key, "class", c));
    const logs = yield* logDirichletSteps(stream, new Float64Array(clients).fill(alpha));
    const shares = apportion(logs.map(exp), pool.left[c]!);
    shares.forEach((n, i) => (counts[i]![c] = n));
    yield;
  }
  const substituted = yield* raise(counts, minimumRows);
  const all = yield* inSteps(counts.length, (i): ClientRows => {
    const own = counts[i]!;
    const stream = new Stream(fold(key, "rows", i));
    const size = own.reduce((sum, n) => sum + n, 0);
    const validating = apportion(own, Math.floor(validationShare * size));
    const training = own.map((n, c) => n - validating[c]!);
    return {
      train: pool.takeAll(training, stream, `client ${i}`),
      validation: pool.takeAll(validating, stream, `client ${i}`),
      test: testPool.peek(() => testPool.takeAll(apportion(own, testRows), stream, `client ${i}`)),
    };
  });
  return { clients: all, substituted };
});

/** Every class dealt out over the clients, all rows of it. */
export interface DirichletHandsOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Concentration of a class over clients: small ones give it to few. */
  readonly alpha: number;
  /** Whether clients that have their share of all rows get no more (NIID-Bench, PFLlib); they do unless said. */
  readonly balanced?: boolean;
}

/** Deals every class out over the clients in proportions from Dirichlet(alpha, ..., alpha), class after class; all rows are dealt. */
export const dirichletHands: Stepped<[train: Labels, options: DirichletHandsOptions, key: Key], Hands> = stepped(
  function* (train, options, key) {
    const { clients, alpha, balanced = false } = options;
    checkCounts("dirichletHands", { clients: [clients, 1] });
    const classes = classCount(train, []);
    const pool = new Pool("dirichletHands", "train", train, classes);
    const counts = yield* inSteps(clients, () => new Int32Array(classes));
    const sizes = new Int32Array(clients);
    for (let c = 0; c < classes; c++) {
      const logs = yield* logDirichletSteps(new Stream(fold(key, "class", c)), new Float64Array(clients).fill(alpha));
      // while a row is left, somebody has less than a share
      const open = (i: number): boolean => !balanced || sizes[i]! * clients < train.length;
      const most = logs.reduce((most, log, i) => (open(i) ? Math.max(most, log) : most), -Infinity);
      const weights = logs.map((log, i) => (open(i) ? exp(log - most) : 0));
      apportion(weights, pool.left[c]!).forEach((n, i) => {
        counts[i]![c] = n;
        sizes[i]! += n;
      });
      yield;
    }
    return yield* dealt(pool, undefined, counts, key);
  },
);
