// What is measured of a client: of its private training, and on the clock of its federations.
import type { Personalized } from "../moe/personalized.ts";
import type { Reading } from "../report/metrics.ts";

export interface Measured extends Personalized {
  /** Its models at the moments and on the sides of a turn that the clock asks at. */
  readonly readings?: readonly Reading[];
  /** Which cluster it was in, by the federation whose method has clusters. */
  readonly clusters?: Readonly<Record<string, number>>;
  /** What each expert counted in its answers on the tests, by the federation whose method has experts that rows choose. */
  readonly loads?: Readonly<Record<string, readonly number[]>>;
}
