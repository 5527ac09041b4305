// Gossip (Lian et al. 2017, whose ring is a draw here): every client takes the mean of its own model and of a few others', drawn anew in every round, and trains it. What other
// methods without a server are measured against.
import { method, type Method } from "../method.ts";
import { drawn, exchanging, meanWith, network } from "./exchange.ts";

export const gossip: Method = method({
  name: "gossip",
  paper: "arXiv 1705.09056",
  about: "no server: every client averages its model with those of a few others, drawn anew in every round",
  options: { peers: 2 },
  ranges: { peers: { min: 0, whole: true } },
  sends: ["model"],
  receives: ["model.*"],
  peers: ["model.*"],
  keeps: ["own"],
  client: (kit) =>
    exchanging<never, never>(kit, ({ own, peers }) => ({ from: meanWith(own, peers), up: {}, kept: {} })),
  server: ({ peers }) => network((_, { key }, others) => drawn(others, peers, key)),
  traffic: ({ model, clients }, { peers }) => ({
    down: Math.min(peers, clients - 1) * model,
    peer: Math.min(peers, clients - 1) * model,
    up: model,
  }),
  laws: [{ when: { peers: 0 }, is: "local" }],
  presets: { safe: {} },
});
