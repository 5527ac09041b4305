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
});
