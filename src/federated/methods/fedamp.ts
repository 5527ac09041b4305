// FedAMP (Huang et al. 2021): the server mixes for every client the models that are like its own, and the client's model is
// held to that mixture.
import { exp } from "../../runtime/scalar.ts";
import { method, type Method, type Vectors } from "../method.ts";
import { noticeboard, posted } from "../servers.ts";
import { combination, squaredDistance } from "../vectors.ts";
import { ownModel } from "./ownModel.ts";

export const fedamp: Method = method({
  name: "fedamp",
  paper: "arXiv 2007.03797",
  about: "every client's model is held to a mixture of the models that are like it",
  // `sigma` scales with squared distances of models; with `scale` "median" it is a multiple of their median
  options: { lambda: 1, alpha: 1, sigma: 1, scale: "median" },
  ranges: { lambda: { min: 0 }, alpha: { min: 1e-9 }, sigma: { min: 1e-9 }, scale: { of: ["absolute", "median"] } },
  sends: ["model"],
  receives: ["cloud?"],
  keeps: ["own"],
  client: (kit, { lambda, alpha }) => ownModel(kit, { anchor: ({ down }) => down.cloud, weight: lambda / alpha }),
  server: ({ alpha, sigma, scale }) => ({
    ...noticeboard(),
    down: (state: Vectors, { client }): Vectors => {
      const mine = state[`model.${client}`];
      if (!mine) return {};
      const others = posted(state, "model").filter((one) => one.client !== client);
      const distances = others.map(({ vector }) => squaredDistance(mine, vector));
      const middle = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] || 1;
      const wide = scale === "median" ? sigma * middle : sigma;
      // the slope of 1 - exp(-x / sigma); relative to the median, of the mean over the others
      const slope = scale === "median" ? alpha / others.length : alpha / wide;
      const raw = distances.map((square) => slope * exp(-square / wide));
      // beyond 1 in all the client's own weight would be negative
      const total = Math.max(
        1,
        raw.reduce((sum, weight) => sum + weight, 0),
      );
      const found = raw.map((weight) => weight / total);
      const rest = 1 - found.reduce((sum, weight) => sum + weight, 0);
      return { cloud: combination([[rest, mine], ...others.map(({ vector }, j) => [found[j]!, vector] as const)]) };
    },
  }),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { lambda: 0 }, is: "local" }],
  presets: {
    library: {
      options: { lambda: 1, alpha: 1, sigma: 1, scale: "absolute" },
      note: "PFLlib's settings; there the term has no gradient",
    },
    safe: { options: { lambda: 0.1 } },
  },
});
