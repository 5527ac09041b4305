// From a config and a dataset to who owns what. Pure and fast, so every worker could do it; the runner does it once.
import { type ClientRows, type Dataset, keepBack, optOut, type Partition } from "../data/index.ts";
import { fold, type Key, key, Stream } from "../runtime/random.ts";
import { behaviour, type Config, ConfigError } from "./config.ts";
import { partitionOf } from "./partitions.ts";

/** Everything a worker needs to be any of the clients. */
export interface Setup<D extends Dataset = Dataset> {
  readonly config: Config;
  readonly dataset: D;
  readonly clients: readonly ClientSetup[];
}

export interface ClientSetup {
  readonly rows: ClientRows;
  /** The training rows the federation may use. */
  readonly shared: Int32Array;
  readonly optedOut: boolean;
  /** Rows of the test split its global test is over. */
  readonly globalTest: Int32Array;
}

/** The root of all random numbers of an experiment. */
export function rootKey({ seed }: Config): Key {
  return fold(key(seed), "moiety");
}

/** Who owns which rows. Throws a RangeError when the data do not suffice. */
export function drawPartition(config: Config, dataset: Dataset): Partition {
  return partitionOf(config, dataset, fold(rootKey(config), "partition"));
}

/** Parts the data and draws who opts out. Throws a RangeError when the data do not suffice. */
export function setUp<D extends Dataset>(config: Config, dataset: D): Setup<D> {
  const root = rootKey(config);
  const { clients, heldOut = [] } = drawPartition(config, dataset);
  // a client that is held out takes no part, and is personalised and tested as one that opted out
  const out = new Set([...optOut(clients.length, config.optOut, fold(root, "optOut")), ...heldOut]);
  const { cohort } = config.federation;
  if (clients.length - out.size < cohort)
    throw new ConfigError(
      `config: ${clients.length - out.size} of ${clients.length} clients opt in, but federation.cohort is ${cohort}; ` +
        `lower the opt-out or the cohort`,
    );
  const { globalRows } = behaviour(config);
  const all = Int32Array.from({ length: dataset.test.rows }, (_, i) => i);
  return {
    config,
    dataset,
    clients: clients.map((rows, client) => ({
      rows,
      shared: keepBack(rows, config.ownRowsKeptBack, fold(root, "keepBack", client)).shared,
      optedOut: out.has(client),
      // the authors score each model on 1,000 random rows
      globalTest:
        globalRows === "all"
          ? all
          : new Stream(fold(root, "globalTest", client)).choose(
              dataset.test.rows,
              Math.min(globalRows, dataset.test.rows),
            ),
    })),
  };
}

/** The clients that are personalised and evaluated, ascending: all of them, or so many drawn uniformly. */
export function evaluatedClients(config: Config): number[] {
  const wanted = Math.min(config.personal.clients, config.clients);
  const drawn = new Stream(fold(rootKey(config), "evaluated")).choose(config.clients, wanted);
  return Array.from(drawn).sort((a, b) => a - b);
}

/** The clients that take part in the federation, ascending. */
export function optedIn({ clients }: Setup): number[] {
  return clients.flatMap(({ optedOut }, client) => (optedOut ? [] : [client]));
}
