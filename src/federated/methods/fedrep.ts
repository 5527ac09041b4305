// FedRep (Collins et al. 2021): everybody's body and a head for each client; the head trains first, then the body under it.
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { partlyShared } from "./partlyShared.ts";

export const fedrep: Method = method({
  name: "fedrep",
  paper: "arXiv 2102.07078",
  about: "the body is shared; every client trains its own head first, and then the body",
  options: { headEpochs: 5 },
  ranges: { headEpochs: { min: 0, whole: true } },
  sends: ["shared"],
  keeps: ["own"],
  client: (kit, { headEpochs }) =>
    partlyShared(kit, {
      share: kit.body,
      phases: [{ train: kit.head, epochs: headEpochs, stream: "head" }, { train: kit.body }],
    }),
  server: () => averaging(),
  traffic: ({ body }) => ({ down: body, up: body }),
  presets: {
    paper: {
      options: { headEpochs: 4 },
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.5, weightDecay: 1e-4 },
      localEpochs: 1,
      batchSize: 10,
      note: "a tenth of the clients a round; at the end everybody trains the head for ten epochs there",
    },
    library: {
      options: { headEpochs: 5 },
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.5 },
      localEpochs: 1,
      batchSize: 50,
      cohort: 10,
      note: "Flower's baseline with 100 clients; its fine-tuning at the end and its batch norms are left out",
    },
    safe: {},
  },
});
