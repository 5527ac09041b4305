// FedAvg with a sum that a few clients cannot pull where they like.
import { method, type Method } from "../method.ts";
import { clippedNorm, krum as closestOnes, median, trimmedMean } from "../robust.ts";
import { sharedModel } from "./sharedModel.ts";

const declared = {
  sends: ["model"],
  traffic: ({ model }: { readonly model: number }) => ({ down: model, up: model }),
} as const;

export const fedmedian: Method = method({
  ...declared,
  name: "fedmedian",
  paper: "arXiv 1803.01498",
  about: "the server takes the median of every number; every client alike",
  options: {},
  client: (kit) => sharedModel(kit),
  server: () => median(),
  presets: { safe: {} },
});

export const trimmed: Method = method({
  ...declared,
  name: "trimmed-mean",
  paper: "arXiv 1803.01498",
  about: "the server averages every number without the highest and the lowest; every client alike",
  options: { share: 0.2 },
  ranges: { share: { min: 0, max: 0.5 } },
  client: (kit) => sharedModel(kit),
  server: ({ share }) => trimmedMean(share),
  presets: { safe: {} },
});

export const krum: Method = method({
  ...declared,
  name: "krum",
  paper: "arXiv 1703.02757",
  about: "the server averages the models that are closest to their neighbours",
  // of the clients of a round; `keep` 1 is Krum, more are Multi-Krum
  options: { liars: 2, keep: 1 },
  ranges: { liars: { min: 0, whole: true }, keep: { min: 1, whole: true } },
  client: (kit) => sharedModel(kit),
  server: (options) => closestOnes(options),
  presets: { safe: {} },
});

export const normclip: Method = method({
  ...declared,
  name: "norm-clipping",
  paper: "arXiv 1911.07963",
  about: "the server shortens what is further from its model than this",
  options: { norm: 1 },
  ranges: { norm: { min: 1e-9 } },
  client: (kit) => sharedModel(kit),
  server: ({ norm }) => clippedNorm("model", norm),
  laws: [{ when: { norm: 1e9 }, is: "fedavg" }],
  presets: { safe: { options: { norm: 1 } } },
});
