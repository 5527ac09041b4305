// Who takes part in a round, by addresses: whoever draws first, the same are drawn.
import { fold, type Key, Stream } from "../runtime/random.ts";

/** So many of the clients, uniformly without replacement. */
export function draw(clients: readonly number[], count: number, key: Key): number[] {
  return Array.from(new Stream(key).choose(clients.length, count), (i) => clients[i]!);
}

/** A number of [0, 1) that depends on what it is for alone. */
export function lot(key: Key, what: string, round: number, client: number): number {
  return new Stream(fold(key, what, round, client)).uniform();
}

/** Parts of about one size, none larger than `most`. */
export function inParts(members: readonly number[], most: number): number[][] {
  const parts = Math.ceil(members.length / most);
  const size = Math.ceil(members.length / parts);
  return Array.from({ length: parts }, (_, i) => members.slice(i * size, (i + 1) * size));
}

/** Takes in what each of `of` gives, in their order; so many are under way `ahead` meanwhile. */
export async function inOrder<T, A>(
  of: readonly T[],
  work: (one: T) => Promise<A>,
  ahead: number,
  take: (found: A) => void,
): Promise<void> {
  const under: Promise<A>[] = [];
  let begun = 0;
  const begin = (most: number): void => {
    while (under.length < most && begun < of.length) {
      const one = work(of[begun++]!);
      // an error is heard of when it is this one's turn
      one.catch(() => undefined);
      under.push(one);
    }
  };
  try {
    while (begun < of.length || under.length > 0) {
      begin(Math.max(1, ahead));
      const found = await under[0]!;
      under.shift();
      begin(ahead);
      take(found);
    }
  } catch (error) {
    // what is still out when one ends in an error is waited for, so that nothing goes on behind its back
    await Promise.allSettled(under);
    throw error;
  }
}
