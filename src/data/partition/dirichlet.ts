// Label skew: how classes differ between clients, by Dirichlet laws. Bounded: where a class runs out, rows of the client's
// next likely classes take its place and are counted, nothing is drawn again until it fits.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { exp } from "../../runtime/scalar.ts";
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import { logDirichlet, multinomial } from "../distributions.ts";
import { apportion } from "./apportion.ts";
import { dirichletLabelsAsAuthors } from "./authors.ts";
import {
  checkFidelity,
  checkRows,
  checkSizes,
  classCount,
  type ClientRows,
  type Labels,
  type Partition,
  type Sizes,
} from "./partition.ts";
import { Pool } from "./pool.ts";

export interface DirichletLabelsOptions extends Sizes {
  /** Concentration: 0.1 gives a client one or two classes, 100 nearly all alike. */
  readonly alpha: number;
  /** As meant, with exact sizes, or as the authors' code does it (see `dirichletLabelsAsAuthors`). */
  readonly fidelity?: "paper" | "authors-code";
}

/** `counts` cut to what is there; the missing rows go to the classes that still have some, by their log proportions. */
function substitute(counts: Int32Array, left: Readonly<Int32Array>, logs: Float64Array): [Int32Array, moved: number] {
  const given = counts.map((count, c) => Math.min(count, left[c]!));
  const lacking = (): number => counts.reduce((sum, count, c) => sum + count - given[c]!, 0);
  const moved = lacking();
  // each turn uses up a class or ends, so there are at most as many turns as classes
  for (let missing = moved; missing > 0; missing = lacking()) {
    const open = [...given.keys()].filter((c) => given[c]! < left[c]!);
    const most = Math.max(...open.map((c) => logs[c]!));
    const extra = apportion(
      open.map((c) => exp(logs[c]! - most)),
      missing,
    );
    open.forEach((c, i) => (given[c] = Math.min(left[c]!, given[c]! + extra[i]!)));
  }
  return [given, moved];
}

/**
 * Every client has class proportions of its own, drawn from Dirichlet(alpha, ..., alpha), and training rows by them
 * (multinomial). Validation and test rows are in the proportions of its training rows. Sizes are exact; train and validation
 * disjoint over all clients. Train classes that run out are substituted, a lack of test rows is a RangeError.
 */
export const dirichletLabels: Stepped<
  [train: Labels, test: Labels, options: DirichletLabelsOptions, key: Key],
  Partition
> = stepped(function* (train, test, options, key) {
  const { clients, alpha, trainRows, validationRows, testRows, fidelity = "paper" } = options;
  checkSizes("dirichletLabels", options);
  checkFidelity("dirichletLabels", fidelity);
  if (fidelity === "authors-code") return yield* dirichletLabelsAsAuthors(train, test, options, key);
  checkRows("dirichletLabels", options, train, test);
  const classes = classCount(train, test);
  const pool = new Pool("dirichletLabels", "train", train, classes);
  const testPool = new Pool("dirichletLabels", "test", test, classes);
  let substituted = 0;
  const all = yield* inSteps(clients, (i): ClientRows => {
    const stream = new Stream(fold(key, "labels", i));
    const logs = logDirichlet(stream, new Float64Array(classes).fill(alpha));
    const take = (counts: Int32Array): [Int32Array, Int32Array] => {
      const [given, moved] = substitute(counts, pool.left, logs);
      substituted += moved;
      return [given, pool.takeAll(given, stream, `client ${i}`)];
    };
    const [counts, trained] = take(multinomial(stream, trainRows, logs.map(exp)));
    const [, validation] = take(apportion(counts, validationRows));
    const local = (): Int32Array => testPool.takeAll(apportion(counts, testRows), stream, `client ${i}`);
    return { train: trained, validation, test: testPool.peek(local) };
  });
  return { clients: all, substituted };
});
