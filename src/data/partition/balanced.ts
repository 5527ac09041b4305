// The Dirichlet split of "Probabilistic federated neural matching" (Yurochkin et al. 2019), from which PFLlib and Flower's
// niid_bench have theirs: class by class, nobody with a full share gets more, and again from the start until all have some.
import type { Steps } from "../../runtime/steps.ts";
import { pairwiseSum } from "./numpy/arrays.ts";

/** The draws it needs, from either of NumPy's generators. */
export interface NumpyDraws {
  shuffle(items: Int32Array): Int32Array;
  dirichlet(alpha: number, n: number): Float64Array;
}

const MOST_TRIES = 1000;

/** Rows of every class dealt over the clients; after a thousand tries without `least` rows for everybody a RangeError. */
export function* balancedDirichlet(
  op: string,
  byClass: readonly Int32Array[],
  { clients, alpha, least }: { clients: number; alpha: number; least: number },
  random: NumpyDraws,
): Steps<Int32Array[]> {
  const total = byClass.reduce((sum, rows) => sum + rows.length, 0);
  if (clients * least > total)
    throw new RangeError(
      `${op}: rows, got ${total}, expected ${clients * least} for ${clients} clients with ${least} at least; lower clients`,
    );
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const hands = Array.from({ length: clients }, (): number[] => []);
    for (const own of byClass) {
      const rows = random.shuffle(own.slice());
      const drawn = random.dirichlet(alpha, clients);
      const open = drawn.map((share, i) => (hands[i]!.length < total / clients ? share : 0));
      const sum = pairwiseSum(open);
      let [upTo, at] = [0, 0];
      hands.forEach((hand, i) => {
        upTo += open[i]! / sum;
        const end = i === clients - 1 ? rows.length : Math.floor(upTo * rows.length);
        // by turns, as a spread of many thousands would not fit on the stack
        for (; at < end; at++) hand.push(rows[at]!);
      });
      yield;
    }
    if (hands.every((hand) => hand.length >= least)) return hands.map((hand) => Int32Array.from(hand));
  }
  throw new RangeError(
    `${op}: rows, got a client with fewer in each of ${MOST_TRIES} tries, expected ${least} at least; lower clients or raise alpha`,
  );
}
