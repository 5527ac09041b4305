// FedBN (Li et al. 2021): everything is shared but the normalisation, which stays with whose inputs it normalises.
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { partlyShared } from "./partlyShared.ts";

export const fedbn: Method = method({
  name: "fedbn",
  paper: "arXiv 2102.07623",
  about: "all but batch normalisation is shared; a model without it is trained by FedAvg, and says so",
  options: {},
  sends: ["shared"],
  keeps: ["own"],
  client: (kit) => {
    const isNorm = kit.norms;
    return partlyShared(kit, { share: (name) => !isNorm(name), phases: [{ train: () => true }] });
  },
  server: () => averaging(),
  laws: [{ when: {}, is: "fedavg" }],
  presets: {
    paper: { optimizer: { kind: "sgd", lr: 0.01 }, localEpochs: 1, note: "digits of five domains" },
    safe: {},
  },
});
