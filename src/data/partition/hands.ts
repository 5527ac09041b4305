// What the laws that deal out all rows have in common: they give every client a hand of the train split, and here a hand becomes
// training and validation rows and a local test. Every limit is said, none is worked around without a word.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, OFTEN, type Stepped, stepped, type Steps } from "../../runtime/steps.ts";
import { apportion, largest } from "./apportion.ts";
import { checkCounts, classCount, type ClientRows, type Labels, type Partition } from "./partition.ts";
import { Pool } from "./pool.ts";
import { Richest } from "./richest.ts";

/** Rows of the train split for every client, no row twice. */
export interface Hands {
  /** Row numbers of each client. */
  readonly rows: readonly Int32Array[];
  /** The classes that the law gave each client, where it gives any. */
  readonly classes?: readonly (readonly number[])[];
  /** Rows that are of another class or with another client than the law drew; 0 is the law itself. */
  readonly substituted: number;
}

/** How many rows of each kind. */
export interface Counts {
  /** Training rows. */
  readonly train: number;
  /** Validation rows. */
  readonly validation: number;
  /** Test rows. */
  readonly test: number;
}

/** What becomes of the hands that a law deals. */
export interface PartOptions {
  /** At most so many rows of each hand for training and validation, and of the test split for the local test. */
  readonly rows: Counts;
  /** The whole hand, parted into training and validation in the proportion of `rows`, rather than at most `rows`. */
  readonly all?: boolean;
  /** The least a client may have of each; 1 unless said. */
  readonly minimum?: Partial<Counts>;
  /**
   * What becomes of clients below it: an error that names them ("refuse", unless said), or rows of the largest hands, counted as
   * substituted ("move").
   */
  readonly repair?: "refuse" | "move";
}

/** Training and validation rows of a hand of `size` rows. */
function cut(size: number, { rows, all = false }: PartOptions): [train: number, validation: number] {
  const wanted = rows.train + rows.validation;
  const used = all ? size : Math.min(size, wanted);
  const validation = Math.floor((used * rows.validation) / wanted);
  return [used - validation, validation];
}

/** The smallest hand that has the minimum of both. */
function least(options: PartOptions, minimum: Counts): number {
  const { rows, all = false } = options;
  const fits = (size: number): boolean => {
    const [train, validation] = cut(size, options);
    return train >= minimum.train && validation >= minimum.validation;
  };
  const wanted = rows.train + rows.validation;
  // a larger hand than this has more of both than is asked for
  const enough = all
    ? Math.ceil(((minimum.train + 1) / rows.train + (minimum.validation + 1) / Math.max(rows.validation, 1)) * wanted)
    : wanted;
  let [low, high] = [minimum.train + minimum.validation, Math.max(enough, minimum.train + minimum.validation)];
  if (!fits(high))
    throw new RangeError(
      `partition: minimum, got ${minimum.train} training and ${minimum.validation} validation rows, expected at most the ` +
        `${rows.train} and ${rows.validation} that a client is to have; lower it`,
    );
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** At most `most` in proportion to `counts`, and of none more than there are. */
function inProportion(counts: readonly number[], left: ArrayLike<number>, most: number): Int32Array {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const fitting = counts.map((n, c) => (n > 0 ? Math.floor((left[c]! * total) / n) : most));
  let size = Math.min(most, ...fitting);
  let given = apportion(counts, size);
  // one that was rounded up may be one too many
  while (given.some((n, c) => n > left[c]!)) given = apportion(counts, --size);
  return given;
}

/** Moves rows of the largest hand's largest class to every hand below `size`; returns how many. */
function* fill(hands: readonly (readonly number[][])[], size: number): Steps<number> {
  const sizes = hands.map((own) => own.reduce((sum, rows) => sum + rows.length, 0));
  const richest = new Richest(sizes);
  let moved = 0;
  for (const [poor, own] of hands.entries()) {
    for (; sizes[poor]! < size; moved++) {
      const rich = richest.take();
      const c = largest(hands[rich]!.map((rows) => rows.length));
      own[c]!.push(hands[rich]![c]!.pop()!);
      sizes[poor]!++;
    }
    if (poor % OFTEN === OFTEN - 1) yield;
  }
  return moved;
}

/**
 * Hands as a partition. Training and validation rows are drawn from a hand, each class in proportion; the local test has the
 * classes of the hand in proportion, and fewer rows where one of them has no more. A hand that is too small, and a local test
 * that is, are a RangeError.
 */
export const part: Stepped<[hands: Hands, train: Labels, test: Labels, options: PartOptions, key: Key], Partition> =
  stepped(function* (hands, train, test, options, key) {
    const { rows, repair = "refuse" } = options;
    const minimum = {
      train: 1,
      validation: Math.min(1, rows.validation),
      test: Math.min(1, rows.test),
      ...options.minimum,
    };
    checkCounts("partition", {
      "rows.train": [rows.train, 1],
      "rows.validation": [rows.validation, 0],
      "rows.test": [rows.test, 0],
      "minimum.train": [minimum.train, 1],
      "minimum.validation": [minimum.validation, 0],
      "minimum.test": [minimum.test, 0],
    });
    const classes = classCount(train, test);
    const testPool = new Pool("partition", "test", test, classes);
    const byClass = (client: number): number[][] => {
      const lists = Array.from({ length: classes }, (): number[] => []);
      for (const row of hands.rows[client]!) lists[train[row]!]!.push(row);
      return lists;
    };
    if (rows.test < minimum.test)
      throw new RangeError(
        `partition: minimum.test, got ${minimum.test}, expected at most rows.test, ${rows.test}; lower it`,
      );
    const size = least(options, minimum);
    const poor = [...hands.rows.entries()].filter(([, own]) => own.length < size);
    const total = hands.rows.reduce((sum, own) => sum + own.length, 0);
    if (poor.length > 0 && (repair === "refuse" || total < size * hands.rows.length))
      throw new RangeError(
        `partition: rows, got ${poor
          .slice(0, 5)
          .map(([client, own]) => `${own.length} for client ${client}`)
          .join(", ")}${poor.length > 5 ? ` and ${poor.length - 5} more` : ""}, expected at least ${size} each; ` +
          (repair === "refuse" && total >= size * hands.rows.length
            ? `take repair "move", or lower minimum, clients or the skew`
            : "lower minimum or clients, or bring more data"),
      );
    // lists of all hands at once are needed only where rows go from one to another
    const filled = poor.length > 0 ? yield* inSteps(hands.rows.length, byClass) : undefined;
    const moved = filled ? yield* fill(filled, size) : 0;
    const clients = yield* inSteps(hands.rows.length, (client): ClientRows => {
      const own = filled?.[client] ?? byClass(client);
      const stream = new Stream(fold(key, "part", client));
      const counts = own.map((list) => list.length);
      const hand = counts.reduce((sum, n) => sum + n, 0);
      const [training, validating] = cut(hand, options);
      const used = apportion(counts, training + validating);
      const held = apportion(used, validating);
      const drawn = own.map((list) => stream.shuffle(list.slice()));
      const pick = (from: (c: number) => number, to: (c: number) => number): Int32Array =>
        Int32Array.from(drawn.flatMap((list, c) => list.slice(from(c), to(c))));
      const testing = inProportion(counts, testPool.left, rows.test);
      const size = testing.reduce((sum, n) => sum + n, 0);
      if (size < minimum.test)
        throw new RangeError(
          `partition: test rows for client ${client}, got ${size} in the proportions of its classes, expected at least ` +
            `${minimum.test}; lower minimum.test, or bring more data`,
        );
      const local = (): Int32Array => testPool.takeAll(testing, stream, `client ${client}`);
      const given = hands.classes?.[client];
      return {
        train: pick(
          (c) => held[c]!,
          (c) => used[c]!,
        ),
        validation: pick(
          () => 0,
          (c) => held[c]!,
        ),
        test: testPool.peek(local),
        ...(given && { classes: given }),
      };
    });
    return { clients, substituted: hands.substituted + moved };
  });
