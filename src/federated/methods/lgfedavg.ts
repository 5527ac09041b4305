// LG-FedAvg (Liang et al. 2020): every client's own features, and the head that makes answers of them is shared.
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { partlyShared } from "./partlyShared.ts";

export const lgfedavg: Method = method({
  name: "lg-fedavg",
  paper: "arXiv 2001.01523",
  about: "the head is shared, every client has a body of its own, and both train together",
  options: {},
  sends: ["shared"],
  keeps: ["own"],
  client: (kit) => partlyShared(kit, { share: kit.head, phases: [{ train: () => true }] }),
  server: () => averaging(),
  traffic: ({ head }) => ({ down: head, up: head }),
  presets: { paper: { note: "there from a FedAvg model, and the best on test rows" }, safe: {} },
});
