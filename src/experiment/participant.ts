// The clients of a setup as the objects a federation sees, whoever runs it: this process, workers, a Flower federation.
// Rows are staged for a call and let go after it, so memory does not grow with the number of clients.
import type { FederatedClient } from "../federated/client.ts";
import { LocalClient } from "../federated/local.ts";
import { SharedVector } from "../federated/shared.ts";
import { Adam, Net } from "../nn/index.ts";
import { fold } from "../runtime/random.ts";
import { ConfigError } from "./config.ts";
import { networks } from "./networks.ts";
import { rootKey, type Setup } from "./setup.ts";
import { staging } from "./staging.ts";

export interface Participants {
  /** A ConfigError for a client that has opted out: it has no way in. */
  client(id: number): FederatedClient;
  /** First weights of the generalist, the same for every client of a config. */
  initial(): SharedVector;
}

/** The clients of a setup; they share one net, so one thread runs one of them at a time. */
export function participants({ config, dataset, clients }: Setup): Participants {
  const { localEpochs: epochs, batchSize, lr } = config.federation;
  const root = rootKey(config);
  const net = new Net(networks(config, dataset).expert, { group: "shared" });
  const optimizer = new Adam(net.parameters, { lr });
  const stage = staging(config, dataset);

  return {
    client(id) {
      const found = clients[id];
      if (!found) throw new ConfigError(`client: got ${id}, expected 0 to ${clients.length - 1}`);
      if (found.optedOut)
        throw new ConfigError(`client ${id} has opted out and takes no part in the federation; it can only pull`);
      const staged = <T>(round: number, use: (client: LocalClient) => T): T => {
        const own = stage.of(id, round);
        const train = own.train(found.shared, fold(root, "batches", id, round));
        const validation = own.validation(found.rows.validation);
        const key = fold(root, "federation");
        const classes = dataset.classes.length;
        try {
          return use(new LocalClient({ id, net, optimizer, train, validation, classes, epochs, batchSize, key }));
        } finally {
          train.dispose();
          validation.dispose();
        }
      };
      return {
        id,
        specs: net.parameters.specs.map(({ name, shape }) => ({ name, shape })),
        train: (generalist, round) => staged(round, (client) => client.train(generalist, round)),
        evaluate: (generalist, round) => staged(round, (client) => client.evaluate(generalist, round)),
      };
    },
    initial() {
      net.init(fold(root, "init", "generalist"));
      return SharedVector.of(net.parameters);
    },
  };
}
