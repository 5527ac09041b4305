// IFCA (Ghosh et al. 2020): k models; a client trains the one that fits it best, the server averages each over its clients.
// HypCluster (Mansour et al. 2020) is the same with clients weighted by their examples.
import { method, type Method } from "../method.ts";
import { alike, averaging } from "../servers.ts";
import { beginnings, clustered, placeOf } from "./clusters.ts";

const declared = {
  sends: ["model"],
  receives: ["model.*"],
  measures: ["cluster"],
  options: { k: 4 },
  ranges: { k: { min: 1, whole: true } },
  traffic: ({ model }: { readonly model: number }, { k }: { readonly k: number }) => ({ down: k * model, up: model }),
} as const;

// a cluster that nobody chose stays as it was
const place = (_: string, { metrics }: { readonly metrics: Readonly<Record<string, number>> }): string =>
  placeOf(metrics["cluster"]!);

export const ifca: Method = method({
  ...declared,
  name: "ifca",
  paper: "arXiv 2006.04088",
  about: "k models, each averaged over the clients that it fits best, every client alike",
  client: (kit, { k }) => clustered(kit, { count: k }),
  server: ({ k }, kit) => ({ ...averaging({ place, weight: alike }), begin: () => beginnings(kit, k) }),
  presets: {
    paper: {
      options: { k: 4 },
      optimizer: { kind: "sgd", lr: 0.1 },
      localEpochs: 10,
      rounds: 300,
      note: "rotated MNIST: full-batch steps, all clients",
    },
    safe: { options: { k: 2 } },
  },
});

export const hypcluster: Method = method({
  ...declared,
  name: "hypcluster",
  paper: "arXiv 2002.10619",
  about: "k models, each averaged over the clients that it fits best, by examples",
  client: (kit, { k }) => clustered(kit, { count: k }),
  server: ({ k }, kit) => ({ ...averaging({ place }), begin: () => beginnings(kit, k) }),
  laws: [{ when: { k: 1 }, is: "fedavg" }],
  presets: { paper: { options: { k: 2 } }, safe: { options: { k: 2 } } },
});
