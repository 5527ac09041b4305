// The kinds of partition that a config can name: what each is, and what it begins with.
import type { Choice, GivenPartition, NiidBenchOptions, PfllibOptions, QuantityLaw } from "../data/index.ts";

/** Who owns which rows: see the partitioners of moiety/data. */
export type PartitionConfig =
  | {
      readonly kind: "majority";
      /** Fraction of a client's rows from its two majority classes. */
      readonly p: number;
      /** Whether two clients may have a majority class in common. */
      readonly overlap: boolean;
    }
  | { readonly kind: "dirichlet-labels" | "dirichlet-sizes"; readonly alpha: number }
  | { readonly kind: "iid" }
  | ColumnConfig
  | PfllibConfig
  | ({ readonly kind: "given" } & GivenPartition)
  | (HandsConfig &
      (
        | { readonly kind: "shards"; readonly shards: number }
        | {
            readonly kind: "pathological";
            readonly classes: number;
            readonly choice: Choice;
            readonly cuts: "equal" | "random";
          }
        | { readonly kind: "label-quantity"; readonly classes: number }
        | { readonly kind: "dirichlet-shares"; readonly alpha: number; readonly balanced: boolean }
        | { readonly kind: "dirichlet-inner"; readonly alpha: number }
        | { readonly kind: "dirichlet-extended"; readonly classes: number; readonly alpha: number }
        | { readonly kind: "clusters"; readonly clusters: number }
        | {
            readonly kind: "niid-bench";
            readonly split: NiidBenchOptions["split"];
            readonly alpha: number;
            readonly classes: number;
            /** Its `dataset_seed`; the run's seed has no part in who owns what. */
            readonly seed: number;
          }
        | { readonly kind: "quantity"; readonly law: QuantityLaw; readonly spread: number }
      ));

/** PFLlib's clients: train and test split are one pool, and a client's test rows are its own quarter of it. */
export interface PfllibConfig {
  readonly kind: "pfllib";
  readonly split: PfllibOptions["split"];
  readonly alpha: number;
  readonly classes: number;
  /** What `numpy.random.seed` gets; the run's seed has no part in who owns what. */
  readonly seed: number;
  /** The part of a client's training rows that validates, which PFLlib trains on; rounded down, at least a row. */
  readonly validation: number;
}

/** Clients as the data have them: `files.client` or a `*` in a file's name says whose a row is. */
export interface ColumnConfig {
  readonly kind: "column";
  /** All rows of a client, parted in the proportion of `rows`, rather than `rows` of it at most. */
  readonly all?: boolean | undefined;
  /** The least rows of a client, 1 of each unless said. */
  readonly minimum?: MinimumConfig | undefined;
  /** Owners below it: an error that names them (unless said), or no clients. */
  readonly repair?: "refuse" | "drop" | undefined;
  /** Clients that the federation never sees, as a share or by name. */
  readonly heldOut?: number | readonly string[] | undefined;
}

export interface MinimumConfig {
  readonly train?: number;
  readonly validation?: number;
  readonly test?: number;
}

/** Of laws that deal out all rows: what becomes of the hands. */
export interface HandsConfig {
  /** The whole hand, parted in the proportion of `rows`, rather than `rows` of it at most. */
  readonly all?: boolean | undefined;
  /** The least rows of a client, 1 of each unless said. */
  readonly minimum?: MinimumConfig | undefined;
  /** Clients below it: an error that names them (unless said), or rows of the largest. */
  readonly repair?: "refuse" | "move" | undefined;
}

/** One kind: a line about it, and the fields it has when only its name was given. */
export interface PartitionKind {
  readonly about: string;
  readonly begins: PartitionConfig;
}

/** Every kind by its name. */
export const partitionKinds: { readonly [K in Exclude<PartitionConfig["kind"], "given">]: PartitionKind } = {
  majority: {
    about: "two majority classes make up the fraction p of a client's rows",
    begins: { kind: "majority", p: 0.6, overlap: true },
  },
  column: {
    about: "clients as the data have them (files.client, or * in a file's name); repair=drop leaves small ones out",
    begins: { kind: "column" },
  },
  iid: { about: "rows drawn uniformly", begins: { kind: "iid" } },
  "dirichlet-labels": {
    about: "class proportions of every client from Dirichlet(alpha), sizes exact",
    begins: { kind: "dirichlet-labels", alpha: 0.5 },
  },
  "dirichlet-sizes": {
    about: "sizes from Dirichlet(alpha), classes alike",
    begins: { kind: "dirichlet-sizes", alpha: 1 },
  },
  "dirichlet-shares": {
    about:
      "every class dealt out over the clients by Dirichlet(alpha); balanced: none gets more than its share of rows",
    begins: { kind: "dirichlet-shares", alpha: 0.5, balanced: false },
  },
  "dirichlet-inner": {
    about: "every client draws by class proportions of its own from Dirichlet(alpha) until all rows are dealt",
    begins: { kind: "dirichlet-inner", alpha: 0.5 },
  },
  "dirichlet-extended": {
    about: "so many classes for each client, each dealt over those who have it by Dirichlet(alpha)",
    begins: { kind: "dirichlet-extended", classes: 2, alpha: 0.5 },
  },
  shards: {
    about: "rows sorted by class and cut, so many pieces for each client",
    begins: { kind: "shards", shards: 2 },
  },
  pathological: {
    about: "so many classes for each client; choice groups, cyclic, first, random or balanced; cuts equal or random",
    begins: { kind: "pathological", classes: 2, choice: "groups", cuts: "equal" },
  },
  "label-quantity": {
    about: "client i has class i and others at random, so many in all; a class is cut evenly",
    begins: { kind: "label-quantity", classes: 2 },
  },
  clusters: {
    about: "client i is in cluster i modulo clusters, and every cluster has all rows (IFCA, with shift.kind=rotation)",
    begins: { kind: "clusters", clusters: 4 },
  },
  pfllib: {
    about:
      "PFLlib's own rows (split dir, pat or iid): train and test are one pool, a quarter of a client's rows tests it",
    begins: { kind: "pfllib", split: "dir", alpha: 0.1, classes: 2, seed: 1, validation: 0.1 },
  },
  "niid-bench": {
    about: "the rows of Flower's niid_bench (split iid, dirichlet or label-quantity)",
    begins: { kind: "niid-bench", split: "dirichlet", alpha: 0.5, classes: 2, seed: 42, all: true },
  },
  quantity: {
    about: "sizes by a law (log-normal, power-law, linear, square, exponential), classes alike",
    begins: { kind: "quantity", law: "log-normal", spread: 1 },
  },
};
