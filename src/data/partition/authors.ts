// Two splits bug for bug as the authors' code draws them (github edvinli/federated-learning-mixture, commit ddc9e9b,
// utils/sample_data.py), for results that are to be compared with theirs. Everything odd here is odd on purpose.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, type Steps } from "../../runtime/steps.ts";
import { dirichlet, multinomial } from "../distributions.ts";
import { classCount, type ClientRows, type Labels, type Partition, type Sizes } from "./partition.ts";
import { disjointPairs, pairsAsAuthors, randomPairs } from "./pairs.ts";
import { concat, Pool } from "./pool.ts";

/**
 * The authors' majority-class split (`cifar_noniid2`, and with random pairs `agnews_noniid2`):
 * - counts are truncated in floating point, so a client has 99 of 100 rows at p = 0.8;
 * - validation rows stay in the pool: they can be in other clients' train and validation sets;
 * - a (c, c) client draws twice from the same rows of c, so it can have rows twice, in all three sets;
 * - once fewer than `trainRows` rows are left, every further client gets all of them, and the whole test split.
 */
export function* majorityAsAuthors(
  train: Labels,
  test: Labels,
  options: Sizes & { readonly p: number; readonly overlap: boolean; readonly pairs?: "each" | "random" },
  key: Key,
): Steps<Partition> {
  const { clients, p, trainRows, validationRows, testRows, overlap, pairs = "each" } = options;
  const classes = classCount(train, test);
  const pool = new Pool("majority", "train", train, classes);
  const testPool = new Pool("majority", "test", test, classes);
  const draw = new Stream(fold(key, "classes"));
  const overlapping = pairs === "each" ? pairsAsAuthors : randomPairs;
  const owners = overlap ? overlapping(clients, classes, draw) : disjointPairs(clients, classes, draw);

  const own = yield* inSteps(owners.length, (i) => {
    const [a, b] = owners[i]!;
    const stream = new Stream(fold(key, "majority", i));
    const who = `client ${i}`;
    const two = (from: Pool, rows: number): [Int32Array, Int32Array] => {
      const half = Math.trunc((p * rows) / 2);
      return [from.peek(() => from.take(a, half, stream, who)), from.peek(() => from.take(b, half, stream, who))];
    };
    const [first, second] = two(pool, trainRows);
    pool.remove(a, first);
    pool.remove(b, second);
    return {
      train: concat(first, second),
      validation: concat(...two(pool, validationRows)),
      test: concat(...two(testPool, testRows)),
      classes: [...new Set([a, b])],
    };
  });
  if (p >= 1) return { clients: own, substituted: 0 };

  const all = yield* inSteps(own.length, (i): ClientRows => {
    const mine = own[i]!;
    if (pool.total() < trainRows)
      return { ...mine, train: concat(mine.train, pool.rest()), test: concat(mine.test, testPool.rest()) };
    const stream = new Stream(fold(key, "others", i));
    const others = (from: Pool, rows: number): Int32Array =>
      from.takeOthers(mine.classes, Math.trunc((1 - p) * rows), stream, `client ${i}`);
    return {
      ...mine,
      train: concat(mine.train, others(pool, trainRows)),
      validation: concat(
        mine.validation,
        pool.peek(() => others(pool, validationRows)),
      ),
      test: concat(
        mine.test,
        testPool.peek(() => others(testPool, testRows)),
      ),
    };
  });
  return { clients: all, substituted: 0 };
}

/**
 * The authors' label skew (`cifar_noniid`): class proportions from Dirichlet(alpha), training counts multinomial, validation
 * and test counts the floor of the same proportions, so those sets are smaller than asked for. No substitution: a class
 * that runs out is a RangeError.
 */
export function* dirichletLabelsAsAuthors(
  train: Labels,
  test: Labels,
  options: Sizes & { readonly alpha: number },
  key: Key,
): Steps<Partition> {
  const { clients, alpha, trainRows, validationRows, testRows } = options;
  const classes = classCount(train, test);
  const pool = new Pool("dirichletLabels", "train", train, classes);
  const testPool = new Pool("dirichletLabels", "test", test, classes);
  const all = yield* inSteps(clients, (i): ClientRows => {
    const stream = new Stream(fold(key, "labels", i));
    const who = `client ${i}`;
    const counts = multinomial(stream, trainRows, dirichlet(stream, new Float64Array(classes).fill(alpha)));
    const floor = (rows: number): Int32Array => counts.map((count) => Math.trunc((count / trainRows) * rows));
    return {
      train: pool.takeAll(counts, stream, who),
      validation: pool.takeAll(floor(validationRows), stream, who),
      test: testPool.peek(() => testPool.takeAll(floor(testRows), stream, who)),
    };
  });
  return { clients: all, substituted: 0 };
}
