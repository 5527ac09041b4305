// Which clients lie in a simulation, and what those see whose labels are wrong.
import type { Dataset } from "../data/index.ts";
import { type Attack, liarsOf } from "../federated/hosts/attacked.ts";
import { federationKey, optedIn, type Setup } from "./setup.ts";

/** The clients that lie, ascending: a share of those that take part. */
export function liarsIn(setup: Setup, attack: Attack): number[] {
  return liarsOf(attack, optedIn(setup), federationKey(setup.config));
}

/** Data whose training rows are called by the class as far from the other end: the first by the last one's name, and so on. */
export function flipped<D extends Dataset>(dataset: D): D {
  const last = dataset.classes.length - 1;
  return { ...dataset, train: { ...dataset.train, labels: dataset.train.labels.map((label) => last - label) } };
}
