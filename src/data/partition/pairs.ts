// Which two majority classes each client has: four ways to hand out pairs, all of them bounded.
import type { Stream } from "../../runtime/random.ts";

/** The two majority classes of a client; (c, c) is a client with one. */
export type Pair = readonly [a: number, b: number];

/**
 * Ordered pairs (a, a + d mod C): first all a with d = 1, then d = 2, ..., at last the pairs (c, c), then again from the
 * start. C * C clients have the same set of pairs as by `pairsAsAuthors`, but any number of clients shares the classes
 * evenly, where the authors' order gives 20 clients on ten classes nothing but pairs with class 0 or 1.
 */
export function overlappingPairs(clients: number, classes: number): Pair[] {
  return Array.from({ length: clients }, (_, i) => {
    const a = i % classes;
    return [a, (a + 1 + Math.floor(i / classes)) % classes];
  });
}

/** Pairs that have no class in common, drawn uniformly; more clients than classes / 2 are a RangeError. */
export function disjointPairs(clients: number, classes: number, stream: Stream): Pair[] {
  if (2 * clients > classes)
    throw new RangeError(
      `majority: clients, got ${clients}, expected at most ${Math.floor(classes / 2)} without overlap, as there are ${classes} classes ` +
        `and each client has two of its own; allow overlap or lower clients`,
    );
  const order = stream.shuffle(Array.from({ length: classes }, (_, c) => c));
  return Array.from({ length: clients }, (_, i) => [order[2 * i]!, order[2 * i + 1]!]);
}

/** Ordered pairs as in the authors' code: (0, 0), (0, 1), ..., (C-1, C-1); more clients than pairs are a RangeError. */
export function pairsAsAuthors(clients: number, classes: number): Pair[] {
  if (clients > classes * classes)
    throw new RangeError(
      `majority: clients, got ${clients}, expected at most ${classes * classes} in the authors' code, one for each ordered ` +
        `pair of ${classes} classes; lower clients or use fidelity "paper"`,
    );
  return Array.from({ length: clients }, (_, i) => [Math.floor(i / classes), i % classes]);
}

/** Ordered pairs drawn uniformly, as in the authors' code for texts; some are of one class. */
export function randomPairs(clients: number, classes: number, stream: Stream): Pair[] {
  return Array.from({ length: clients }, () => {
    const pair = stream.below(classes * classes);
    return [Math.floor(pair / classes), pair % classes];
  });
}
