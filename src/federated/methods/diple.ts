// DiPLe (2022): a directed graph of peers whose weights each client learns on its own loss, on the simplex. Built from what
// is known of it second hand: by projected gradient, over the peers that a client asked in the round.
import { method, type Method, type Vector } from "../method.ts";
import { combination, dot } from "../vectors.ts";
import { drawn, exchanging, network } from "./exchange.ts";
import { pairsOf } from "./fedfomo.ts";
import { projected } from "./simplex.ts";

export const diple: Method = method({
  name: "diple",
  paper: "DiPLe, 2022",
  after: "abstract",
  about: "no server: every client learns, on its own loss, how much to take of whose model",
  // of the `peers` asked in a round; `rate` of the weights, `epochs` in which they are learnt; with 0 no one's but its own
  options: { peers: 3, rate: 0.1, epochs: 1 },
  ranges: { peers: { min: 0, whole: true }, rate: { min: 0 }, epochs: { min: 0, whole: true } },
  sends: ["model"],
  receives: ["model.*"],
  peers: ["model.*"],
  keeps: ["own", "weights"],
  client: (kit, { rate, epochs }) =>
    exchanging<never, "weights">(kit, function* ({ turn, own, peers, net }) {
      const known = new Map(pairsOf(turn.kept.weights ?? Float64Array.of(turn.client, 1)));
      const all = [{ client: turn.client, vector: own }, ...peers];
      let weights = projected(Float64Array.from(all, ({ client }) => known.get(client) ?? 0));
      const mix = (): Vector => combination(all.map(({ vector }, i) => [weights[i]!, vector] as const));
      if (rate > 0 && peers.length > 0)
        for (const at of kit.batches(turn, { stream: "weights", epochs })) {
          net.parameters.copyFrom(mix());
          const correct = (): void => {
            const slope = net.parameters.gradient!.toArray() as Vector;
            net.parameters.spendGradient();
            weights = projected(weights.map((weight, i) => weight - rate * dot(slope, all[i]!.vector)));
          };
          kit.step(at, { loss: kit.loss(net), correct });
          yield;
        }
      all.forEach(({ client }, i) => known.set(client, weights[i]!));
      return { from: mix(), up: {}, kept: { weights: Float64Array.from([...known].flat()) } };
    }),
  server: ({ peers }) => network((_, { key }, others) => drawn(others, peers, key)),
  traffic: ({ model, clients }, { peers }) => ({
    down: Math.min(peers, clients - 1) * model,
    peer: Math.min(peers, clients - 1) * model,
    up: model,
  }),
  laws: [
    { when: { rate: 0 }, is: "local" },
    { when: { peers: 0 }, is: "local" },
  ],
  presets: { safe: {} },
});
