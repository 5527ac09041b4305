// From a config and a dataset to who owns what. Pure and fast, so every worker could do it; the runner does it once.
import { type ClientRows, type Dataset, keepBack, optOut, type Partition, pooled, publicRows } from "../data/index.ts";
import { fold, type Key, key, Stream } from "../runtime/random.ts";
import { finish, OFTEN, type Steps } from "../runtime/steps.ts";
import { type Config, ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";
import { partitionOf } from "./partitions.ts";
import { checkTargets } from "./tasks.ts";
import { unseenClients } from "./unseen.ts";

/** Everything a worker needs to be any of the clients. */
export interface Setup<D extends Dataset = Dataset> {
  /** What is asked for. */
  readonly config: Config;
  /** The data; of some partitions both splits as one. */
  readonly dataset: D;
  /** Every client's rows and part in it, by number. */
  readonly clients: readonly ClientSetup[];
  /** Rows of the training split that are no client's, where a config asks for some. */
  readonly publicRows?: Int32Array | undefined;
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

/** The address of a federation's random numbers: the same for all methods, which so have the same cohorts and batches. */
export function federationKey(config: Config): Key {
  return fold(rootKey(config), "federation");
}

function isPooled({ partition }: Config): boolean {
  return partition.kind === "pfllib" || (partition.kind === "given" && partition.pooled === true);
}

/** Who owns which rows of which data: the dataset, or its two splits as one. Throws a RangeError when it does not suffice. */
export function drawPartition<D extends Dataset>(config: Config, dataset: D): { dataset: D; partition: Partition } {
  return finish(drawPartitionSteps(config, dataset));
}

function* drawPartitionSteps<D extends Dataset>(
  config: Config,
  dataset: D,
): Steps<{ dataset: D; partition: Partition }> {
  const parted = isPooled(config) ? pooled(dataset) : dataset;
  yield;
  return { dataset: parted, partition: yield* partitionOf(config, parted, fold(rootKey(config), "partition")) };
}

/** Parts the data and draws who opts out. Throws a RangeError when the data do not suffice. */
export function setUp<D extends Dataset>(config: Config, whole: D): Setup<D> {
  return finish(setUpSteps(config, whole));
}

/**
 * `setUp`, resting between clients, of the partition's law too.
 * @param onClient hears how many clients are ready: none before it is known who owns which rows
 */
export function* setUpSteps<D extends Dataset>(
  config: Config,
  whole: D,
  onClient?: (done: number) => void,
): Steps<Setup<D>> {
  const root = rootKey(config);
  checkTargets(config, whole);
  const { dataset, partition } = yield* told(drawPartitionSteps(config, whole), () => onClient?.(0));
  const { clients, heldOut = [] } = partition;
  // a client that is held out takes no part, and is personalised and tested as one that opted out
  const out = new Set([
    ...optOut(clients.length, config.optOut, fold(root, "optOut")),
    ...heldOut,
    ...unseenClients(config),
  ]);
  const cohorts = Object.entries(config.training ?? {}).map(([name, own]) => [`training.${name}`, own.cohort] as const);
  for (const [path, cohort = 0] of [["federation", config.federation.cohort] as const, ...cohorts])
    if (clients.length - out.size < cohort)
      throw new ConfigError(
        `config: ${clients.length - out.size} of ${clients.length} clients opt in, but ${path}.cohort is ${cohort}; ` +
          `lower the opt-out or the cohort`,
      );
  const wanted = config.publicRows;
  const open =
    wanted === undefined
      ? undefined
      : publicRows(clients, dataset.train.labels, { rows: wanted, pooled: isPooled(config) }, fold(root, "public"));
  const { globalRows: usual } = behaviour(config);
  const { globalRows = usual } = config.clock ?? {};
  // of a pool, others' training rows are no test
  const all = isPooled(config)
    ? Int32Array.from(clients.flatMap(({ test }) => [...test])).toSorted()
    : Int32Array.from({ length: dataset.test.rows }, (_, i) => i);
  const ready: ClientSetup[] = [];
  for (const [client, rows] of clients.entries()) {
    ready.push({
      rows,
      shared:
        config.ownRowsKeptBack === 0
          ? rows.train
          : keepBack(rows, config.ownRowsKeptBack, fold(root, "keepBack", client)).shared,
      optedOut: out.has(client),
      // rows of its own, as the authors score each model on 1,000 random ones
      globalTest:
        globalRows === "all"
          ? all
          : new Stream(fold(root, "globalTest", client))
              .choose(all.length, Math.min(globalRows, all.length))
              .map((at) => all[at]!),
    });
    if (ready.length % OFTEN > 0) continue;
    onClient?.(ready.length);
    yield;
  }
  return { config, dataset, clients: ready, ...(open && { publicRows: open }) };
}

// the same steps, of whose rests somebody hears
function* told<T>(steps: Steps<T>, tell: () => void): Steps<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    tell();
    yield;
  }
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
