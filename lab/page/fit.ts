// A config for data of another size: as many clients and rows as there is room for.
import type { Config } from "../../src/experiment/config.ts";
import type { DataOutline } from "../messages.ts";
import { defaultConfig } from "./address.ts";

// partitions need room to choose: not every row can be the right one for some client
const room = 0.75;
const fewestRows = 16;

// at most so many rows of an owner; of four of them one validates and one tests
const ofOwners = { train: 200, validation: 100, test: 100 };
const mostClients = 1000;

/** The config with clients and rows that the data have room for, parted as they can be, and a network that takes them. */
export function fit(config: Config, data: DataOutline): Config {
  const { names, kind, shape, train, test, owners } = data;
  const fitting = kind === "image" && ["1,28,28", "3,32,32"].includes(shape.join());
  const { files: _, task: _task, ...rest } = config;
  const fitted = askedFor({
    ...rest,
    ...names,
    partition: partitionOf(config, data),
    model: fitting ? "lenet" : "mlp",
  });
  const { rows, federation } = fitted;
  if (owners !== undefined) {
    const clients = Math.min(owners, mostClients);
    const sharing = clients - Math.floor(fitted.optOut * clients);
    const cohort = Math.max(1, Math.min(federation.cohort, sharing));
    return { ...fitted, clients, rows: ofOwners, federation: { ...federation, cohort } };
  }
  if (config.clients * (rows.train + rows.validation) <= train * room && rows.test <= test) return fitted;
  const clients = Math.max(2, Math.min(config.clients, Math.floor((room * train) / (2 * fewestRows))));
  const each = Math.max(2, Math.floor((room * train) / clients));
  const training = Math.min(rows.train, Math.ceil(each / 2));
  return {
    ...fitted,
    clients,
    rows: {
      train: training,
      validation: Math.max(1, Math.min(rows.validation, each - training)),
      test: Math.max(1, Math.min(rows.test, Math.floor(test / 4))),
    },
    federation: { ...federation, cohort: Math.min(federation.cohort, clients) },
  };
}

// whoever owns rows is a client; and what parts rows by their classes needs some
function partitionOf({ partition }: Config, { names, owners, classes }: DataOutline): Config["partition"] {
  if (owners !== undefined) return { kind: "column" };
  // of two classes no client has two in the majority and others beside them
  if (partition.kind === "majority" && classes.length < 3) return { kind: "iid" };
  const needless = ["iid", "dirichlet-sizes", "quantity"];
  if (names.task) return needless.includes(partition.kind) ? partition : { kind: "iid" };
  return partition.kind === "column" ? defaultConfig().partition : partition;
}

// what only makes sense of classes is left out where there are none
function askedFor(config: Config): Config {
  if (!config.task) return config;
  const { posterior: _, methods: _methods, ...rest } = config;
  const { mixture } = rest;
  const space = mixture.space === "output" ? "auto" : mixture.space;
  return { ...rest, fidelity: "paper", mixture: { ...mixture, space } };
}
