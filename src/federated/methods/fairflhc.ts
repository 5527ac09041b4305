// Fair-FL+HC (Yang et al. 2024): after some rounds of FedAvg clients are joined into clusters, once, by how near their models are (FL+HC,
// Briggs et al. 2020) and by how unfair a cluster would be. Built after the abstract: a client tells by how much its model answers one
// group of its own rows more often with the positive class than the other, with a sign, and a cluster is as unfair as the mean of that
// over its members, so that clients with opposite gaps like to join. Who comes later joins the cluster that its model is nearest to.
import { type ClientSide, method, type Method, type Update } from "../method.ts";
import { averaging } from "../servers.ts";
import { assigned, clusterOf, placeOf } from "./fairGroups.ts";
import { sharedModel } from "./sharedModel.ts";
import { type GapName, signedGap } from "./unfairness.ts";

const NAME = "fair-flhc";

export const fairflhc: Method = method({
  name: NAME,
  paper: "arXiv 2407.19331",
  after: "abstract",
  about: "FedAvg, then a model for each cluster of clients whose models are near and whose gaps between groups cancel",
  needsClasses: true,
  needsGroups: true,
  // clusters are made of the clients of round `warm`, in which all should take part; gamma weighs distances, 1 - gamma gaps
  options: { k: 2, warm: 3, gamma: 0.5, gap: "parity" },
  ranges: {
    k: { min: 1, whole: true },
    warm: { min: 1, whole: true },
    gamma: { min: 0, max: 1 },
    gap: { of: ["parity", "opportunity"] },
  },
  sends: ["model", "gap"],
  receives: ["model"],
  client: (kit, { gap }): ClientSide<"model" | "gap", "model", never> => {
    const base = sharedModel(kit);
    const net = kit.net(kit.model, { trainable: false });
    return {
      initial: () => base.initial(),
      answers: (turn) => base.answers(turn),
      *train(turn) {
        const reply = yield* base.train(turn);
        net.parameters.copyFrom(reply.up.model);
        const found = signedGap(NAME, net, turn.own.train, kit.classes, gap as GapName);
        return { ...reply, up: { ...reply.up, gap: Float64Array.of(found) } };
      },
    };
  },
  server: ({ k, warm, gamma }) => ({
    begin: ({ model }) => ({ "model.0": model! }),
    cluster: clusterOf,
    down: (state, { client }) => ({ model: state[placeOf(clusterOf(state, client))]! }),
    gather: (state, round) => {
      const updates: Update[] = [];
      return {
        add: (update) => void updates.push(update),
        result: () => {
          const next = round.round + 1 >= warm ? assigned(state, updates, { k, gamma }) : state;
          const place = (_: string, { client }: Update): string => placeOf(clusterOf(next, client));
          const means = averaging({ place, only: (name) => name === "model" }).gather(next, round);
          for (const update of updates) means.add(update);
          return means.result();
        },
      };
    },
  }),
  traffic: ({ model }) => ({ down: model, up: model + 1 }),
  laws: [{ when: { k: 1 }, is: "fedavg" }],
  presets: { safe: {} },
});
