// The partitions of PFLlib (github TsingZ0/PFLlib, dataset/utils/dataset_utils.py at 0154cff), row for row: train and test split
// are one pool, and each client's part of it is split again, three quarters to train on.
import { balancedDirichlet } from "./balanced.ts";
import { holders } from "./holders.ts";
import { checkAlpha } from "./numpy/gamma.ts";
import { LegacyRandom } from "./numpy/legacy.ts";
import { rowsByClass } from "./pool.ts";
import { checkCounts, classCount, type ClientRows, type Labels, type Partition } from "./partition.ts";
import { Stream } from "../../runtime/random.ts";
import { inSteps, type Stepped, stepped, type Steps } from "../../runtime/steps.ts";

/** As PFLlib's generators call it. */
export interface PfllibOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** "dir", "pat" (a few classes each), or neither: "iid" is "pat" with all classes. */
  readonly split: "dir" | "pat" | "iid";
  /** Of "dir": from 0 to 1; 0.1 in its generators. */
  readonly alpha?: number;
  /** Of "pat": classes of each client; 2 in its generators for ten classes. */
  readonly classes?: number;
  /** Whether "pat" and "iid" cut classes evenly; at random unless said. */
  readonly balance?: boolean;
  /** What `numpy.random.seed` gets; 1 in its generators. */
  readonly seed?: number;
  /** Rows that everybody must have under "dir"; 1 as it is now, 40 before (batch size over test share). */
  readonly least?: number;
}

/** Rows of one client, numbers in the pool: test rows come behind all training rows. */
export interface PooledRows {
  /** Rows of the pool that a client trains on. */
  readonly train: Int32Array;
  /** Rows of the pool that test it. */
  readonly test: Int32Array;
}

/** What PFLlib gives each client, in its order. `pool` has the labels of the train split and then of the test split. */
export const pfllib: Stepped<[pool: Labels, options: PfllibOptions], PooledRows[]> = stepped(function* (pool, options) {
  const { clients, split, alpha = 0.1, seed = 1, least = 1 } = options;
  checkCounts("pfllib", { clients: [clients, 1], least: [least, 1] });
  const random = new LegacyRandom(seed);
  const byClass = rowsByClass("pfllib", pool, classCount(pool, []));
  if (split === "dir") checkAlpha("pfllib", alpha, 1e-3);
  const hands =
    split === "dir"
      ? yield* balancedDirichlet("pfllib", byClass, { clients, alpha, least }, random)
      : yield* pathological(byClass, options, random);
  return yield* inSteps(hands.length, (client) => {
    const hand = hands[client]!;
    // scikit-learn's train_test_split, which draws from the same generator: the test rows come first
    const order = random.shuffle(Int32Array.from({ length: hand.length }, (_, i) => i));
    const training = Math.floor(0.75 * hand.length);
    const rows = order.map((at) => hand[at]!);
    return { train: rows.slice(hand.length - training), test: rows.slice(0, hand.length - training) };
  });
});

/** Its clients as a partition of the pool; `validation` is the part of their training rows that validates, a row at least. */
export function pooledPartition(clients: readonly PooledRows[], validation: number): Partition {
  return {
    clients: clients.map(({ train, test }, client): ClientRows => {
      const held = Math.max(1, Math.floor(validation * train.length));
      if (train.length < 2 || test.length < 1)
        throw new RangeError(
          `pfllib: rows of client ${client}, got ${train.length} to train on and ${test.length} to test on, expected 2 and 1 ` +
            `at least; lower clients or raise alpha`,
        );
      // they come shuffled
      return { train: train.slice(held), validation: train.slice(0, held), test };
    }),
    substituted: 0,
  };
}

function* pathological(
  byClass: readonly Int32Array[],
  { clients, split, classes: few = 2, balance = false }: PfllibOptions,
  random: LegacyRandom,
): Steps<Int32Array[]> {
  const classes = byClass.length;
  const each = split === "iid" ? classes : few;
  checkCounts("pfllib", { classes: [each, 1] });
  // which clients have which classes takes no draw
  const own = yield* holders("pfllib", "groups", { clients, each, classes }, new Stream([0, 0]));
  const hands = own.map((): number[] => []);
  for (const [c, rows] of byClass.entries()) {
    const holding = own.flatMap((mine, client) => (mine.includes(c) ? [client] : []));
    if (holding.length === 0) continue;
    const even = rows.length / holding.length;
    if (even < 2)
      throw new RangeError(
        `pfllib: rows of class ${c}, got ${rows.length}, expected two at least for each of ${holding.length} clients that have it`,
      );
    let at = 0;
    holding.forEach((client, i) => {
      const last = i === holding.length - 1;
      const size = last
        ? rows.length - at
        : balance
          ? Math.floor(even)
          : random.below(Math.floor(even / 10), Math.floor(even));
      for (const end = at + size; at < end; at++) hands[client]!.push(rows[at]!);
    });
    yield;
  }
  const empty = hands.findIndex((hand) => hand.length === 0);
  if (empty >= 0)
    throw new RangeError(
      `pfllib: classes, got none left for client ${empty}, expected some; change clients or classes`,
    );
  return hands.map((hand) => Int32Array.from(hand));
}
