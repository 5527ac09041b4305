// pFedHN (Shamsian et al. 2021): the server learns a network that makes a model of a few numbers a client, its embedding, and
// learns those numbers as well; clients' updates are its gradient.
import { method, type Method, type Vector } from "../method.ts";
import { minus, normOf, plus, scaled, zerosLike } from "../vectors.ts";
import { Hypernet } from "./hypernet.ts";
import { sharedModel } from "./sharedModel.ts";

export const pfedhn: Method = method({
  name: "pfedhn",
  paper: "arXiv 2103.04628",
  about:
    "the server's hypernetwork makes each client's model of an embedding, and both learn from the clients' updates",
  // a step a round, for the sum of its clients; with `layers` 0 models are linear in embeddings, with `fixed` those stay unit vectors
  options: {
    rate: 0.01,
    momentum: 0.9,
    decay: 1e-3,
    clip: 50,
    size: 8,
    hidden: 100,
    layers: 3,
    fixed: false as boolean,
  },
  ranges: {
    rate: { min: 0 },
    momentum: { min: 0, max: 1 },
    decay: { min: 0 },
    clip: { min: 1e-9 },
    size: { min: 1, whole: true },
    hidden: { min: 1, whole: true },
    layers: { min: 0, whole: true },
  },
  sends: ["model"],
  client: (kit) => ({ ...sharedModel(kit), initial: () => ({}) }),
  server: ({ rate, momentum, decay, clip, fixed, ...shape }, kit) => {
    const net = new Hypernet(kit, { ...shape, fixed });
    const clipped = (v: Vector): Vector => scaled(v, Math.min(1, clip / Math.max(normOf(v), 1e-12)));
    return {
      begin: () => {
        const hyper = net.first();
        return { hyper, velocity: zerosLike(hyper) };
      },
      down: (state, { client }) => ({ model: net.model(state["hyper"]!, net.of(state, client)) }),
      gather: (state) => {
        let total = zerosLike(state["hyper"]!);
        const embeddings: Record<string, Vector> = {};
        return {
          add: ({ client, up, examples }) => {
            if (examples === 0) return;
            const e = net.of(state, client);
            const found = net.gradient(state["hyper"]!, e, minus(net.model(state["hyper"]!, e), up["model"]!));
            total = plus(total, clipped(found.hyper));
            if (!fixed) embeddings[`embedding.${client}`] = plus(e, clipped(found.embedding), -rate);
          },
          result: () => {
            const velocity = plus(plus(scaled(state["velocity"]!, momentum), total), state["hyper"]!, decay);
            return { ...state, ...embeddings, velocity, hyper: plus(state["hyper"]!, velocity, -rate) };
          },
        };
      },
    };
  },
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: {
      options: { rate: 0.01, momentum: 0.9, decay: 1e-3, clip: 50, hidden: 100, layers: 3 },
      optimizer: { kind: "sgd", lr: 5e-3, momentum: 0.9, weightDecay: 5e-5 },
      rounds: 5000,
      cohort: 1,
      note: "embeddings of 1 + clients / 4 numbers; 50 batches a round",
    },
    safe: {},
  },
});
