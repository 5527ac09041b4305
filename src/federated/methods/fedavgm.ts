// FedAvgM (Hsu et al. 2019): the server remembers where it was going.
import { method, type Method } from "../method.ts";
import { averaging, stepping } from "../servers.ts";
import { heavyBall } from "../serverSteps.ts";
import { sharedModel } from "./sharedModel.ts";

export const fedavgm: Method = method({
  name: "fedavgm",
  paper: "arXiv 1909.06335",
  about: "FedAvg whose server has momentum",
  options: { lr: 1, beta: 0.9 },
  ranges: { lr: { min: 0 }, beta: { min: 0, max: 1 } },
  sends: ["model"],
  client: (kit) => sharedModel(kit),
  server: (options) => stepping(averaging(), "model", heavyBall(options)),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { beta: 0, lr: 1 }, is: "fedavg" }],
  presets: {
    paper: {
      options: { beta: 0.97 },
      optimizer: { kind: "sgd", lr: 0.003 },
      note: "as tuned in Flower's baseline on Fashion-MNIST",
    },
    library: { options: { lr: 1, beta: 0.9 } },
    safe: { options: { lr: 1, beta: 0.5 } },
  },
});
