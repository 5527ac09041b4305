// From the partition that a config names to rows of a dataset.
import type { Dataset, Hands, Partition } from "../data/index.ts";
import {
  clusterHands,
  column,
  dirichletHands,
  dirichletLabels,
  dirichletSizes,
  extendedDirichlet,
  iid,
  innerDirichlet,
  labelQuantity,
  majority,
  niidBench,
  part,
  pathological,
  pfllib,
  pooledPartition,
  quantity,
  shards,
  takePartition,
} from "../data/index.ts";
import type { Key } from "../runtime/random.ts";
import { type Config, ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";

/** Who owns which rows of a dataset. Throws a RangeError when the data do not suffice. */
export function partitionOf(config: Config, { kind, train, test, owners }: Dataset, key: Key): Partition {
  const { clients, rows, partition } = config;
  const sizes = { clients, trainRows: rows.train, validationRows: rows.validation, testRows: rows.test };
  switch (partition.kind) {
    case "majority": {
      const { p, overlap } = partition;
      const fidelity = behaviour(config).partition;
      // the authors have a script for each kind
      const pairs = kind === "text" ? "random" : "each";
      return majority(train.labels, test.labels, { ...sizes, p, overlap, fidelity, pairs }, key);
    }
    case "dirichlet-labels":
      return dirichletLabels(
        train.labels,
        test.labels,
        { ...sizes, alpha: partition.alpha, fidelity: behaviour(config).partition },
        key,
      );
    case "dirichlet-sizes": {
      const minimumRows = Math.min(config.federation.batchSize, rows.train);
      return dirichletSizes(train.labels, test.labels, { ...sizes, alpha: partition.alpha, minimumRows }, key);
    }
    case "iid":
      return iid(train.labels, test.labels, sizes, key);
    case "column": {
      if (!owners)
        throw new ConfigError(
          "config: partition.kind: got column, expected data that say whose a row is; name files.client, or take another kind",
        );
      const { all = false, minimum = {}, repair = "refuse", heldOut = 0 } = partition;
      return column(owners, { clients, rows, all, minimum, repair, heldOut }, key);
    }
    case "pfllib": {
      const { validation } = partition;
      return pooledPartition(pfllib(train.labels, { ...partition, clients }), validation);
    }
    case "given": {
      if (partition.clients.length !== clients)
        throw new ConfigError(
          `config: clients: got ${clients}, expected the ${partition.clients.length} of the given partition`,
        );
      return takePartition(partition, train.labels, test.labels);
    }
  }
  const { all = false, minimum = {}, repair = "refuse" } = partition;
  const hands = ((): Hands => {
    switch (partition.kind) {
      case "shards":
        return shards(train.labels, { ...partition, clients }, key);
      case "pathological":
        return pathological(train.labels, { ...partition, clients }, key);
      case "label-quantity":
        return labelQuantity(train.labels, { ...partition, clients }, key);
      case "dirichlet-shares":
        return dirichletHands(train.labels, { ...partition, clients }, key);
      case "dirichlet-inner":
        return innerDirichlet(train.labels, { clients, alpha: partition.alpha }, key);
      case "dirichlet-extended":
        return extendedDirichlet(train.labels, { ...partition, clients }, key);
      case "clusters":
        return clusterHands(train.labels, { ...partition, clients }, key);
      case "niid-bench":
        return niidBench(train.labels, { ...partition, clients });
      case "quantity":
        return quantity(train.labels, { ...partition, clients }, key);
    }
  })();
  return part(hands, train.labels, test.labels, { rows, all, minimum, repair }, key);
}
