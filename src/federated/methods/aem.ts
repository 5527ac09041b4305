// Adaptive expert models (Isaksson et al. 2022): clusters as in HypCluster, whose clients now and then train one at random so that none
// is left behind; a gate over them and the client's own model comes after it (`aem+experts`).
import { fold, Stream } from "../../runtime/random.ts";
import { pow } from "../../runtime/scalar.ts";
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { beginnings, clustered, placeOf } from "./clusters.ts";

/** How likely a client explores in a round. */
export function exploring(
  round: number,
  { k, epsilon, schedule }: { readonly k: number; readonly epsilon: number; readonly schedule: string },
): number {
  if (schedule === "constant") return epsilon;
  // falls from epsilon; the more clusters, the slower
  return epsilon * pow(1 / (round + 1), schedule === "clusters" ? 2 / k : 1);
}

export const aem: Method = method({
  name: "aem",
  paper: "arXiv 2206.07832",
  about: "clusters whose clients explore: with a chance of epsilon a client trains one at random instead of the best",
  options: { k: 2, epsilon: 0.2, schedule: "constant" },
  ranges: {
    k: { min: 1, whole: true },
    epsilon: { min: 0, max: 1 },
    schedule: { of: ["constant", "harmonic", "clusters"] },
  },
  sends: ["model"],
  receives: ["model.*"],
  measures: ["cluster"],
  client: (kit, options) =>
    clustered(kit, {
      count: options.k,
      explore: ({ round, key }) => {
        const stream = new Stream(fold(key, "explore"));
        return stream.uniform() < exploring(round, options) ? stream.below(options.k) : undefined;
      },
    }),
  server: ({ k }, kit) => ({
    ...averaging({ place: (_, { metrics }) => placeOf(metrics["cluster"]!) }),
    begin: () => beginnings(kit, k),
  }),
  traffic: ({ model }, { k }) => ({ down: k * model, up: model }),
  laws: [
    { when: { k: 1 }, is: "fedavg" },
    { when: { epsilon: 0 }, is: "hypcluster", with: { k: 2 } },
  ],
  presets: {
    paper: {
      options: { k: 2, epsilon: 0.23 },
      optimizer: { kind: "sgd", lr: 0.087 },
      localEpochs: 3,
      batchSize: 10,
      rounds: 100,
      note: "CIFAR-10, 20 clients; the authors' rate falls within a turn, and their validation rows are test rows: neither is repeated",
    },
    safe: {},
  },
});
