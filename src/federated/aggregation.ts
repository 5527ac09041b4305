// How clients' vectors become one: a method's server side takes them one after another, in client order.
import type { Update } from "./update.ts";

export interface Aggregation {
  add(update: Update): void;
  /** The next generalist, once every client of the round has been added. */
  result(): Float32Array;
}
