// A config for data of another size: as many clients and rows as there is room for.
import type { Config } from "../../src/experiment/config.ts";
import type { DataOutline } from "../messages.ts";

// partitions need room to choose: not every row can be the right one for some client
const room = 0.75;
const fewestRows = 16;

/** The config with clients and rows that the data have room for, and a network that takes them. */
export function fit(config: Config, { names, kind, shape, train, test }: DataOutline): Config {
  const fitting = kind === "image" && ["1,28,28", "3,32,32"].includes(shape.join());
  const { files: _, ...rest } = config;
  const fitted: Config = { ...rest, ...names, model: fitting ? "lenet" : "mlp" };
  const { rows, federation } = config;
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
