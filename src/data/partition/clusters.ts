// Every cluster has all rows, dealt over its own clients (Ghosh et al. 2020, IFCA: with rotations, every image once in each).
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { type Stepped, stepped } from "../../runtime/steps.ts";
import { apportion } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { checkCounts, type Labels } from "./partition.ts";

/** Client i is in cluster i modulo `clusters`. Rows are dealt evenly in an order of each cluster's own; clusters share them. */
export const clusterHands: Stepped<
  [train: Labels, options: { readonly clients: number; readonly clusters: number }, key: Key],
  Hands
> = stepped(function* (train, { clients, clusters }, key) {
  checkCounts("clusters", { clients: [clients, 1], clusters: [clusters, 1] });
  if (clusters > clients)
    throw new RangeError(`clusters: clusters, got ${clusters}, expected at most the ${clients} clients; lower it`);
  const rows: Int32Array[] = Array.from({ length: clients }, () => new Int32Array());
  for (let cluster = 0; cluster < clusters; cluster++) {
    const order = new Stream(fold(key, "cluster", cluster)).choose(train.length, train.length);
    const members = Math.ceil((clients - cluster) / clusters);
    let at = 0;
    apportion(new Float64Array(members).fill(1), train.length).forEach((size, i) => {
      rows[cluster + i * clusters] = order.slice(at, (at += size));
    });
    yield;
  }
  return { rows, substituted: 0 };
});
