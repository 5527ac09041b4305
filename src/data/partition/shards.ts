// Shards: rows in the order of their class, cut into equal pieces, some pieces for each client (McMahan et al. 2017, section 3).
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import { apportion } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { checkCounts, classCount, type Labels } from "./partition.ts";
import { concat, Pool } from "./pool.ts";

/** Rows sorted by class and cut. */
export interface ShardsOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Pieces for each client; 2 in the paper. */
  readonly shards: number;
}

/** Every row is dealt; pieces differ by a row at most. More pieces than rows are a RangeError. */
export const shards: Stepped<[train: Labels, options: ShardsOptions, key: Key], Hands> = stepped(function* (
  train,
  { clients, shards },
  key,
) {
  checkCounts("shards", { clients: [clients, 1], shards: [shards, 1] });
  const pieces = clients * shards;
  if (!(pieces <= train.length))
    throw new RangeError(
      `shards: rows of the train split, got ${train.length}, expected ${pieces} for ${clients} clients with ${shards} shards ` +
        `each; lower clients or shards`,
    );
  const sorted = new Pool("shards", "train", train, classCount(train, [])).rest();
  const sizes = apportion(new Float64Array(pieces).fill(1), train.length);
  let at = 0;
  const cuts = yield* inSteps(pieces, (i) => sorted.subarray(at, (at += sizes[i]!)));
  const order = new Stream(fold(key, "shards")).choose(pieces, pieces);
  return {
    rows: yield* inSteps(clients, (i) =>
      concat(...Array.from(order.subarray(i * shards, (i + 1) * shards), (piece) => cuts[piece]!)),
    ),
    substituted: 0,
  };
});
