// Which classes a client holds, where it holds a few and no others: the ways of the literature, each of them bounded.
import type { Stream } from "../../runtime/random.ts";
import { inSteps, OFTEN, type Steps } from "../../runtime/steps.ts";

/**
 * "groups": class by class to the next clients that have room, so that groups of clients have the same classes (PFLlib);
 * "cyclic": client i has i, i + 1, ... (Flower's "deterministic"); "first": client i has class i and random others (NIID-Bench,
 * Flower's "first-deterministic"); "random"; "balanced": random, but every class has holders as many as any other, to within one.
 */
export type Choice = "groups" | "cyclic" | "first" | "random" | "balanced";

/** For every client `each` different classes of `classes`. A RangeError where there are not as many. */
export function* holders(
  op: string,
  choice: Choice,
  { clients, each, classes }: { clients: number; each: number; classes: number },
  stream: Stream,
): Steps<number[][]> {
  if (each > classes)
    throw new RangeError(`${op}: classes, got ${each} for each client, expected at most the ${classes} that there are`);
  if (!["groups", "cyclic", "first", "random", "balanced"].includes(choice))
    throw new RangeError(`${op}: choice, got ${String(choice)}, expected groups, cyclic, first, random or balanced`);
  const own = yield* inSteps(clients, (client): number[] => {
    if (choice === "cyclic") return Array.from({ length: each }, (_, i) => (client + i) % classes);
    if (choice === "random") return [...stream.choose(classes, each)];
    if (choice !== "first") return [];
    const first = client % classes;
    // the others without the first, which would be drawn again
    return [first, ...Array.from(stream.choose(classes - 1, each - 1), (c) => (c < first ? c : c + 1))];
  });
  if (choice === "groups") {
    // what PFLlib does: the next clients with room, as many as a class has holders on average
    const most = Math.ceil((clients / classes) * each);
    for (let c = 0; c < classes; c++) {
      const open = own.filter((classes) => classes.length < each);
      for (const classes of open.slice(0, most)) classes.push(c);
      yield;
    }
  }
  if (choice === "balanced") {
    const held = new Int32Array(classes);
    for (const [client, mine] of own.entries()) {
      for (const c of [...stream.choose(classes, classes)].toSorted((a, b) => held[a]! - held[b]!).slice(0, each)) {
        held[c]!++;
        mine.push(c);
      }
      if (client % OFTEN === OFTEN - 1) yield;
    }
  }
  return own;
}

/** Deals the rows of every class over its holders: `cut` says how many of `rows` each of `n` gets, at least 1. */
export function* dealToHolders(
  op: string,
  own: readonly (readonly number[])[],
  left: ArrayLike<number>,
  cut: (c: number, rows: number, n: number) => ArrayLike<number>,
): Steps<Int32Array[]> {
  const counts = own.map(() => new Int32Array(left.length));
  for (let c = 0; c < left.length; c++) {
    const holding = own.flatMap((classes, client) => (classes.includes(c) ? [client] : []));
    if (holding.length === 0) continue;
    if (holding.length > left[c]!)
      throw new RangeError(
        `${op}: train rows of class ${c}, got ${left[c]}, expected at least ${holding.length}, one for each client that has ` +
          `it; lower clients or classes`,
      );
    const parts = cut(c, left[c]!, holding.length);
    holding.forEach((client, i) => (counts[client]![c] = parts[i]!));
    yield;
  }
  return counts;
}
