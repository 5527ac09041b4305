// FedProx (Li et al. 2018): FedAvg whose clients are held to the model they were sent.
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { sharedModel } from "./sharedModel.ts";

export const fedprox: Method = method({
  name: "fedprox",
  paper: "arXiv 1812.06127",
  about: "FedAvg with mu/2 |w - model|^2 in every client's loss",
  options: { mu: 0.01 },
  ranges: { mu: { min: 0 } },
  sends: ["model"],
  client: (kit, { mu }) => sharedModel(kit, { mu }),
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { mu: 0 }, is: "fedavg" }],
  presets: {
    paper: {
      options: { mu: 1 },
      optimizer: { kind: "sgd", lr: 0.03 },
      localEpochs: 10,
      batchSize: 10,
      rounds: 100,
      note: "MNIST with 1000 clients, of which 90 % do not finish in time",
    },
    library: {
      options: { mu: 1 },
      optimizer: { kind: "sgd", lr: 0.01 },
      localEpochs: 5,
      batchSize: 32,
      rounds: 100,
      cohort: 10,
      note: "FL-bench; PFLlib's default of 0 makes it FedAvg",
    },
    safe: { options: { mu: 0.01 } },
  },
});
