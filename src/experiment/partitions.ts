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
import type { Steps } from "../runtime/steps.ts";
import { type Config, ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";

/** Who owns which rows of a dataset, in steps: every law rests between clients. Throws a RangeError when the data do not suffice. */
export function* partitionOf(config: Config, { kind, train, test, owners }: Dataset, key: Key): Steps<Partition> {
  const { clients, rows, partition } = config;
  const sizes = { clients, trainRows: rows.train, validationRows: rows.validation, testRows: rows.test };
  switch (partition.kind) {
    case "majority": {
      const { p, overlap } = partition;
      const fidelity = behaviour(config).partition;
      // the authors have a script for each kind
      const pairs = kind === "text" ? "random" : "each";
      return yield* majority.steps(train.labels, test.labels, { ...sizes, p, overlap, fidelity, pairs }, key);
    }
    case "dirichlet-labels":
      return yield* dirichletLabels.steps(
        train.labels,
        test.labels,
        { ...sizes, alpha: partition.alpha, fidelity: behaviour(config).partition },
        key,
      );
    case "dirichlet-sizes": {
      const minimumRows = Math.min(config.federation.batchSize, rows.train);
      return yield* dirichletSizes.steps(
        train.labels,
        test.labels,
        { ...sizes, alpha: partition.alpha, minimumRows },
        key,
      );
    }
    case "iid":
      return yield* iid.steps(train.labels, test.labels, sizes, key);
    case "column": {
      if (!owners)
        throw new ConfigError(
          "config: partition.kind: got column, expected data that say whose a row is; name files.client, or take another kind",
        );
      const { all = false, minimum = {}, repair = "refuse", heldOut = 0 } = partition;
      return yield* column.steps(owners, { clients, rows, all, minimum, repair, heldOut }, key);
    }
    case "pfllib": {
      const { validation } = partition;
      return pooledPartition(yield* pfllib.steps(train.labels, { ...partition, clients }), validation);
    }
    case "given": {
      if (partition.clients.length !== clients)
        throw new ConfigError(
          `config: clients: got ${clients}, expected the ${partition.clients.length} of the given partition`,
        );
      return yield* takePartition.steps(partition, train.labels, test.labels);
    }
  }
  const { all = false, minimum = {}, repair = "refuse" } = partition;
  const law = ((): Steps<Hands> => {
    switch (partition.kind) {
      case "shards":
        return shards.steps(train.labels, { ...partition, clients }, key);
      case "pathological":
        return pathological.steps(train.labels, { ...partition, clients }, key);
      case "label-quantity":
        return labelQuantity.steps(train.labels, { ...partition, clients }, key);
      case "dirichlet-shares":
        return dirichletHands.steps(train.labels, { ...partition, clients }, key);
      case "dirichlet-inner":
        return innerDirichlet.steps(train.labels, { clients, alpha: partition.alpha }, key);
      case "dirichlet-extended":
        return extendedDirichlet.steps(train.labels, { ...partition, clients }, key);
      case "clusters":
        return clusterHands.steps(train.labels, { ...partition, clients }, key);
      case "niid-bench":
        return niidBench.steps(train.labels, { ...partition, clients });
      case "quantity":
        return quantity.steps(train.labels, { ...partition, clients }, key);
    }
  })();
  return yield* part.steps(yield* law, train.labels, test.labels, { rows, all, minimum, repair }, key);
}
