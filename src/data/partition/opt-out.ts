// Who stays out of a federation, and with how much of its data. Both kinds keep their specialist and their gate.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { checkCounts, checkShare, type ClientRows } from "./partition.ts";

/** The training rows of a client in two parts; only `shared` may be used for anything that leaves it. */
export interface OwnRows {
  /** Rows that the federation may use. */
  readonly shared: Int32Array;
  /** Rows that stay the client's. */
  readonly keptBack: Int32Array;
}

/**
 * The clients that stay out, in ascending order: floor(fraction * clients) of 0..clients-1, uniformly, as in the authors'
 * code, but for the truncation of binary fractions: 0.29 of 100 clients are 29.
 */
export function optOut(clients: number, fraction: number, key: Key): Int32Array {
  checkCounts("optOut", { clients: [clients, 1] });
  checkShare("optOut", "fraction", fraction);
  const out = Math.floor(fraction * clients + 1e-9);
  return new Stream(fold(key, "out")).choose(clients, out).toSorted();
}

/**
 * Parts a client's training rows: a fraction of them, rounded to the nearest row and drawn uniformly, is never used in the
 * federation, though its specialist and gate train on all. Both parts keep the order of `rows.train`.
 */
export function keepBack(rows: ClientRows, fraction: number, key: Key): OwnRows {
  checkShare("keepBack", "fraction", fraction);
  const n = rows.train.length;
  const kept = new Set(new Stream(fold(key, "kept")).choose(n, Math.round(fraction * n)));
  return {
    shared: rows.train.filter((_, at) => !kept.has(at)),
    keptBack: rows.train.filter((_, at) => kept.has(at)),
  };
}
