// FedAvg (McMahan et al. 2017): everybody trains the server's model, the server averages.
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { sharedModel } from "./sharedModel.ts";

export const fedavg: Method = method({
  name: "fedavg",
  paper: "arXiv 1602.05629",
  about: "clients train the server's model, the server averages by examples",
  options: {},
  sends: ["model"],
  client: (kit) => sharedModel(kit),
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: {
      localEpochs: 5,
      batchSize: 10,
      cohort: 10,
      note: "images of digits over 100 clients; the rate of its SGD was tuned for every setting",
    },
    library: {
      optimizer: { kind: "sgd", lr: 0.005 },
      localEpochs: 1,
      batchSize: 10,
      note: "PFLlib, where everybody takes part in every round",
    },
    safe: {},
  },
});
