// FedPer (Arivazhagan et al. 2019): everybody's body, and a head for each client; both train together.
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { partlyShared } from "./partlyShared.ts";

export const fedper: Method = method({
  name: "fedper",
  paper: "arXiv 1912.00818",
  about: "the body is shared, every client has a head of its own, and both train together",
  options: {},
  sends: ["shared"],
  keeps: ["own"],
  client: (kit) => partlyShared(kit, { share: kit.body, phases: [{ train: () => true }] }),
  server: () => averaging(),
  traffic: ({ body }) => ({ down: body, up: body }),
  presets: {
    library: { optimizer: { kind: "sgd", lr: 0.005 }, localEpochs: 1, batchSize: 10, note: "PFLlib" },
    safe: {},
  },
});
