// The split of the mixture paper: every client has two majority classes, which make up the fraction p of its rows; the rest
// comes from all other classes (Listo Zec et al., arXiv 2010.02056). What the authors' code does instead is in authors.ts.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import { apportion } from "./apportion.ts";
import { majorityAsAuthors } from "./authors.ts";
import {
  checkFidelity,
  checkRows,
  checkShare,
  checkSizes,
  classCount,
  type ClientRows,
  type Labels,
  type Partition,
  type Sizes,
} from "./partition.ts";
import { shareOthers } from "./others.ts";
import { disjointPairs, overlappingPairs, type Pair } from "./pairs.ts";
import { concat, Pool } from "./pool.ts";

export interface MajorityOptions extends Sizes {
  /** The fraction of a client's rows that is of its majority classes, from 0 to 1. */
  readonly p: number;
  /** Whether two clients may have a majority class in common (they may unless said); if not, there are at most classes / 2 clients. */
  readonly overlap?: boolean;
  /** The split as it is meant, or bug for bug as the authors' code does it. */
  readonly fidelity?: "paper" | "authors-code";
  /** With overlap in the authors' code: each ordered pair in turn (their images; unless said), or pairs at random (their texts). */
  readonly pairs?: "each" | "random";
}

/** Refuses a split in which the majority rows of some class are more than there are, before anything is drawn. */
function checkDemand(pool: Pool, owners: readonly Pair[], counts: readonly Int32Array[]): void {
  const rows = counts.reduce((sum, [first, second]) => [sum[0]! + first!, sum[1]! + second!], [0, 0]);
  const demand = new Float64Array(pool.left.length);
  const clients = new Int32Array(pool.left.length);
  for (const [a, b] of owners) {
    demand[a]! += rows[0]!;
    demand[b]! += rows[1]!;
    for (const c of new Set([a, b])) clients[c]!++;
  }
  demand.forEach((wanted, c) => {
    const got = pool.left[c]!;
    if (wanted > got)
      throw new RangeError(
        `majority: train rows of class ${c}, got ${got}, expected ${wanted} for training and validation of the ` +
          `${clients[c]} clients that have it as a majority class; lower p, clients, trainRows or validationRows`,
      );
  });
}

// `counts` are rows of the first class, of the second, and of all others
function takeOwn(pool: Pool, [a, b]: Pair, counts: Int32Array, stream: Stream, client: number): Int32Array {
  const who = `client ${client}`;
  return concat(pool.take(a, counts[0]!, stream, who), pool.take(b, counts[1]!, stream, who));
}

/**
 * Majority-class split with fraction p. Sizes are exact for any p: the majority rows of a client are p * rows to within one,
 * half of each of its two classes (an odd one is of the first). A client with the pair (c, c) has one majority class with
 * all of the majority rows. Train and validation rows are disjoint over all clients; a local test has no row twice. Where
 * the last rows do not fit, clients exchange some (counted as substituted); data that do not suffice are a RangeError.
 * With `fidelity: "authors-code"` see `majorityAsAuthors`.
 */
export const majority: Stepped<[train: Labels, test: Labels, options: MajorityOptions, key: Key], Partition> = stepped(
  function* (train, test, options, key) {
    const { clients, p, trainRows, validationRows, testRows, overlap = true, fidelity = "paper" } = options;
    checkSizes("majority", options);
    checkShare("majority", "p", p);
    const classes = classCount(train, test);
    checkFidelity("majority", fidelity);
    if (fidelity === "authors-code") return yield* majorityAsAuthors(train, test, { ...options, overlap }, key);
    checkRows("majority", options, train, test);

    const owners = overlap
      ? overlappingPairs(clients, classes)
      : disjointPairs(clients, classes, new Stream(fold(key, "classes")));
    const rows = [trainRows, validationRows, testRows].map((n) => apportion([p / 2, p / 2, 1 - p], n));
    const [trainCounts, validationCounts, testCounts] = rows as [Int32Array, Int32Array, Int32Array];
    const pool = new Pool("majority", "train", train, classes);
    const testPool = new Pool("majority", "test", test, classes);
    checkDemand(pool, owners, [trainCounts, validationCounts]);

    // all majority rows before all others, or an early client's others could use up a later one's majority class
    const own = yield* inSteps(owners.length, (i) => {
      const pair = owners[i]!;
      const stream = new Stream(fold(key, "majority", i));
      return [takeOwn(pool, pair, trainCounts, stream, i), takeOwn(pool, pair, validationCounts, stream, i)] as const;
    });
    const rest = trainCounts[2]! + validationCounts[2]!;
    if (rest > 0 && classes < 3 && owners.some((pair) => new Set(pair).size === classes))
      throw new RangeError(
        `majority: classes, got ${classes}, expected at least 3 for p = ${p}, as what is not of a client's two majority classes ` +
          `is of others; take p = 1, or another kind of partition (dirichlet-labels, dirichlet-sizes, iid)`,
      );
    const others = yield* shareOthers(owners, pool.left.slice(), rest, key);
    const all = yield* inSteps(owners.length, (i): ClientRows => {
      const pair = owners[i]!;
      const stream = new Stream(fold(key, "rows", i));
      const [training, validating] = own[i]!;
      const more = stream.shuffle(pool.takeAll(others.counts[i]!, stream, `client ${i}`));
      const test = testPool.peek(() =>
        concat(
          takeOwn(testPool, pair, testCounts, stream, i),
          testPool.takeOthers(pair, testCounts[2]!, stream, `client ${i}`),
        ),
      );
      return {
        train: concat(training, more.subarray(0, trainCounts[2])),
        validation: concat(validating, more.subarray(trainCounts[2])),
        test,
        classes: [...new Set(pair)],
      };
    });
    return { clients: all, substituted: others.exchanged };
  },
);
