// Rows that come in order: a client trains on what has come lately, not on all that it will have had.
import type { Labels } from "../partition/partition.ts";

/** In which order rows come in the course of the rounds. */
export interface StreamOptions {
  /** Sorted by class, or as they come in the client's rows ("row": by their number, which is time where a file is in time). */
  readonly by: "label" | "row";
  /** The part of its rows that a client has at a time, above 0 to 1; a row at least. */
  readonly width: number;
}

/**
 * The rows of a client in a round, of `rounds`: a window that moves from the first of its rows in order to the last. Every row
 * is in some window when there are rounds enough for that.
 */
export function windowOf(
  rows: Int32Array,
  labels: Labels,
  options: StreamOptions,
  round: number,
  rounds: number,
): Int32Array {
  const { by, width } = options;
  if (!(width > 0 && width <= 1)) throw new RangeError(`stream: width, got ${width}, expected a number above 0 to 1`);
  if (by !== "label" && by !== "row") throw new RangeError(`stream: by, got ${String(by)}, expected label or row`);
  if (!(Number.isSafeInteger(round) && round >= 0 && Number.isSafeInteger(rounds) && rounds >= 1))
    throw new RangeError(`stream: got round ${round} of ${rounds}, expected whole numbers, from 0 and from 1`);
  const order = by === "row" ? rows.toSorted() : rows.toSorted((a, b) => labels[a]! - labels[b]! || a - b);
  const size = Math.min(rows.length, Math.max(1, Math.round(width * rows.length)));
  const last = rows.length - size;
  const at = rounds <= 1 ? last : Math.round((last * Math.min(round, rounds - 1)) / (rounds - 1));
  return order.slice(at, at + size);
}
