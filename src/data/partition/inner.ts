// The inner Dirichlet law: sizes first, then every client's class proportions from Dirichlet(alpha), and rows drawn one by one,
// client after client, until all are dealt (Acar et al. 2021, FedDyn; Flower's InnerDirichletPartitioner).
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { exp } from "../../runtime/scalar.ts";
import { inSteps, OFTEN, type Stepped, stepped } from "../../runtime/steps.ts";
import { logDirichlet } from "../distributions.ts";
import { apportion } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { checkCounts, classCount, type Labels } from "./partition.ts";
import { dealt } from "./pathological.ts";
import { Pool } from "./pool.ts";

/** Every client has class proportions of its own. */
export interface InnerDirichletOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Concentration of its proportions: small ones give few classes. */
  readonly alpha: number;
  /** Sizes of the clients, to be met in proportion; equal unless said. */
  readonly sizes?: ArrayLike<number>;
}

/** A class by these log proportions among those that have rows left. */
function draw(stream: Stream, logs: Float64Array, open: (c: number) => boolean): number {
  let most = -Infinity;
  for (let c = 0; c < logs.length; c++) if (open(c)) most = Math.max(most, logs[c]!);
  let total = 0;
  for (let c = 0; c < logs.length; c++) if (open(c)) total += exp(logs[c]! - most);
  let at = stream.uniform() * total;
  let last = -1;
  for (let c = 0; c < logs.length; c++) {
    if (!open(c)) continue;
    last = c;
    at -= exp(logs[c]! - most);
    if (at < 0) break;
  }
  return last;
}

/**
 * Every row is dealt. A row whose class has run out is drawn again among the classes that have not, once, and counted as
 * substituted; clients take turns, so that no one is left with the rest.
 */
export const innerDirichlet: Stepped<[train: Labels, options: InnerDirichletOptions, key: Key], Hands> = stepped(
  function* (train, options, key) {
    const { clients, alpha, sizes = new Float64Array(clients).fill(1) } = options;
    checkCounts("innerDirichlet", { clients: [clients, 1] });
    if (sizes.length !== clients)
      throw new RangeError(`innerDirichlet: sizes, got ${sizes.length}, expected one for each of ${clients} clients`);
    const classes = classCount(train, []);
    const pool = new Pool("innerDirichlet", "train", train, classes);
    const left = pool.left.slice();
    const wanted = apportion(sizes, train.length);
    const counts = yield* inSteps(clients, () => new Int32Array(classes));
    const streams = yield* inSteps(clients, (client) => new Stream(fold(key, "labels", client)));
    const laws = yield* inSteps(clients, (client) =>
      logDirichlet(streams[client]!, new Float64Array(classes).fill(alpha)),
    );
    let substituted = 0;
    for (let turn = 0, rest = train.length; rest > 0; turn++)
      for (let client = 0; client < clients; client++) {
        if (client % OFTEN === OFTEN - 1) yield;
        if (turn >= wanted[client]!) continue;
        let c = draw(streams[client]!, laws[client]!, () => true);
        if (left[c] === 0) {
          c = draw(streams[client]!, laws[client]!, (c) => left[c]! > 0);
          substituted++;
        }
        left[c]!--;
        counts[client]![c]!++;
        rest--;
      }
    return yield* dealt(pool, undefined, counts, key, substituted);
  },
);
