// Adaptive local aggregation (Zhang et al. 2023): between a client's last head and the shared one, at a share for each number
// that is learnt on some of the client's rows while the rest stands still.
import type { Vector } from "../../nn/parameters.ts";
import { fold, type Key, Stream } from "../../runtime/random.ts";
import type { Steps } from "../../runtime/steps.ts";
import { type Kit, type Pair } from "../kit.ts";
import type { Turn } from "../method.ts";

/** How shares are learnt. */
export interface Ala {
  /** The shares' rate. */
  readonly rate: number;
  /** The chance with which a batch is used, 0 to 1. */
  readonly sample: number;
  /** Passes at most, the first time; afterwards one. */
  readonly passes: number;
  /** The first time ends when the last ten losses spread less than this. */
  readonly threshold: number;
}

/** l + (g - l) w, number by number. */
export function mixed(l: Vector, g: Vector, w: Vector): Vector {
  return l.map((value, i) => value + (g[i]! - value) * w[i]!);
}

/** The standard deviation of the last ten losses. */
export function spread(losses: readonly number[]): number {
  const last = losses.slice(-10);
  const mean = last.reduce((a, b) => a + b, 0) / last.length;
  return Math.sqrt(last.reduce((sum, loss) => sum + (loss - mean) * (loss - mean), 0) / last.length);
}

/**
 * Shares w in [0, 1] of a head's numbers go down the loss: w <- clip(w - rate g (shared - local)), g the gradient at the mixture.
 * Leaves the pair's head there; the pair's body is where it was put.
 * @param local the client's last head; `shared`, everybody's; `before`, the shares of its last turn, all 1 where there are none
 * @returns the shares, one for each number of the head
 */
export function* ala(
  kit: Kit,
  pair: Pair,
  turn: Pick<Turn, "own" | "key">,
  { local, shared, before }: { readonly local: Vector; readonly shared: Vector; readonly before: Vector | undefined },
  { rate, sample, passes, threshold }: Ala,
): Steps<Vector> {
  const head = pair.head.parameters;
  let shares = before ?? local.map(() => 1);
  const equal = local.every((value, i) => value === shared[i]);
  const losses: number[] = [];
  const most = equal || rate === 0 ? 0 : before ? 1 : passes;
  for (let pass = 0; pass < most; pass++) {
    const key: Key = fold(turn.key, "ala", pass);
    let [total, rows, batch] = [0, 0, 0];
    for (const at of kit.batches({ ...turn, key, effort: 1 }, { epochs: 1 })) {
      // a random part of the rows, not the first of them
      if (new Stream(fold(key, "part", batch++)).uniform() >= sample) continue;
      head.copyFrom(mixed(local, shared, shares));
      const loss = kit.step(at, {
        loss: kit.loss(pair),
        correct: () => {
          const gradient = head.gradient!.toArray();
          shares = shares.map((w, i) => Math.min(1, Math.max(0, w - rate * gradient[i]! * (shared[i]! - local[i]!))));
          head.spendGradient();
          pair.body.parameters.spendGradient();
        },
      });
      total += loss * at.rows.size;
      rows += at.rows.size;
      yield;
    }
    if (rows > 0) losses.push(total / rows);
    if (losses.length >= 10 && spread(losses) < threshold) break;
  }
  head.copyFrom(mixed(local, shared, shares));
  return shares;
}
