// Splits without label skew: rows are dealt out uniformly, in equal hands or in hands whose sizes follow a Dirichlet law.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, OFTEN, type Stepped, stepped, type Steps } from "../../runtime/steps.ts";
import { logDirichletSteps, multinomialSteps } from "../distributions.ts";
import { exp } from "../../runtime/scalar.ts";
import { Richest } from "./richest.ts";
import {
  checkCounts,
  checkRows,
  checkSizes,
  type ClientRows,
  type Labels,
  type Partition,
  type Sizes,
} from "./partition.ts";

/** Deals disjoint hands of these many training rows. */
function* deal(train: Labels, test: Labels, hands: ArrayLike<number>, sizes: Sizes, key: Key): Steps<ClientRows[]> {
  const total = sizes.clients * (sizes.trainRows + sizes.validationRows);
  const rows = new Stream(fold(key, "rows")).choose(train.length, total);
  let at = 0;
  const next = (n: number): Int32Array => rows.subarray(at, (at += n));
  yield;
  return yield* inSteps(hands.length, (i) => ({
    train: next(hands[i]!),
    validation: next(sizes.validationRows),
    test: new Stream(fold(key, "test", i)).choose(test.length, sizes.testRows),
  }));
}

/** Every client has rows drawn uniformly; train and validation disjoint over all clients, sizes exact. */
export const iid: Stepped<[train: Labels, test: Labels, sizes: Sizes, key: Key], Partition> = stepped(
  function* (train, test, sizes, key) {
    checkSizes("iid", sizes);
    checkRows("iid", sizes, train, test);
    const hands = new Int32Array(sizes.clients).fill(sizes.trainRows);
    return { clients: yield* deal(train, test, hands, sizes, key), substituted: 0 };
  },
);

export interface DirichletSizesOptions extends Sizes {
  /** The mean of training rows over clients; in all there are exactly clients * trainRows. */
  readonly trainRows: number;
  /** Concentration: 0.1 gives a few clients nearly everything, 100 nearly equal sizes. */
  readonly alpha: number;
  /** The least training rows a client has, from 1 to `trainRows`. */
  readonly minimumRows: number;
}

/**
 * Size skew: training rows are dealt out in sizes that are multinomial with proportions from Dirichlet(alpha, ..., alpha).
 * Clients below the minimum get rows of the largest, counted as substituted; nothing is drawn again. Validation and test
 * rows are as many for every client.
 */
export const dirichletSizes: Stepped<
  [train: Labels, test: Labels, options: DirichletSizesOptions, key: Key],
  Partition
> = stepped(function* (train, test, options, key) {
  const { clients, trainRows, alpha, minimumRows } = options;
  checkSizes("dirichletSizes", options);
  checkRows("dirichletSizes", options, train, test);
  checkCounts("dirichletSizes", { minimumRows: [minimumRows, 1] });
  if (minimumRows > trainRows)
    throw new RangeError(
      `dirichletSizes: minimumRows, got ${minimumRows}, expected at most the mean trainRows, ${trainRows}; lower it`,
    );
  const stream = new Stream(fold(key, "sizes"));
  const logs = yield* logDirichletSteps(stream, new Float64Array(clients).fill(alpha));
  const hands = yield* multinomialSteps(stream, clients * trainRows, logs.map(exp));
  const richest = new Richest(hands);
  let substituted = 0;
  for (let poor = 0; poor < clients; poor++) {
    for (; hands[poor]! < minimumRows; substituted++) {
      richest.take();
      hands[poor]!++;
    }
    if (poor % OFTEN === 0) yield;
  }
  return { clients: yield* deal(train, test, hands, options, key), substituted };
});
