// Decentralized adaptive clustering (Listo Zec et al. 2022): whom a client asks is drawn by how well their models did on its rows,
// and of those it has not met, by how well they did at the peer that is most like it. Soft clusters, and none is ever given up.
import { method, type Method, type Vectors } from "../method.ts";
import { drawn, exchanging, meanWith, network, told } from "./exchange.ts";
import { pairsOf } from "./fedfomo.ts";

type Likings = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** How alike a peer is, by what the client found itself or, of peers it has not met, by what its likest acquaintance did; else 0. */
export function likeness(likings: Likings, client: number, peer: number): number {
  const mine = likings.get(client) ?? new Map<number, number>();
  const own = mine.get(peer);
  if (own !== undefined) return own;
  let [best, found] = [-Infinity, 0];
  for (const [other, liking] of mine) {
    const theirs = likings.get(other)?.get(peer);
    if (theirs !== undefined && liking > best) [best, found] = [liking, theirs];
  }
  return found;
}

const LIKES = "likes.";

function likingsOf(state: Vectors): Likings {
  const rows = Object.entries(state).filter(([name]) => name.startsWith(LIKES));
  return new Map(rows.map(([name, flat]) => [Number(name.slice(LIKES.length)), new Map(pairsOf(flat))]));
}

export const dac: Method = method({
  name: "dac",
  paper: "arXiv 2206.08839",
  after: "abstract",
  about: "no server: whom a client averages with is drawn by how low the loss of their models is on its own rows",
  // `tau` sharpens the draw; at 0 everybody is as likely
  options: { peers: 2, tau: 1 },
  ranges: { peers: { min: 0, whole: true }, tau: { min: 0 } },
  sends: ["model", "likes"],
  receives: ["model.*"],
  peers: ["model.*"],
  keeps: ["own"],
  client: (kit, { peers: count }) =>
    exchanging<"likes">(kit, ({ own, peers, lossOf, turn }) => {
      const known = turn.own.train.count > 0 ? peers : [];
      const likes = known.map(({ client, vector }) => [client, 1 / Math.max(lossOf(vector), 1e-3)]);
      return { from: meanWith(own, peers), up: { likes: told(likes, 2, count) }, kept: {} };
    }),
  server: ({ peers, tau }) =>
    network(
      (state, { client, key }, others) => {
        const likings = likingsOf(state);
        return drawn(others, peers, key, (peer) => tau * likeness(likings, client, peer));
      },
      {
        merge: {
          likes: (before, now) => {
            const newest = new Map([...pairsOf(before ?? new Float64Array()), ...pairsOf(now)]);
            return Float64Array.from([...newest].flat());
          },
        },
      },
    ),
  traffic: ({ model, clients }, { peers }) => ({
    down: Math.min(peers, clients - 1) * model,
    peer: Math.min(peers, clients - 1) * model,
    up: model + 2 * peers,
  }),
  laws: [
    { when: { tau: 0 }, is: "gossip", with: { peers: 2 } },
    { when: { peers: 0 }, is: "local" },
  ],
  presets: { safe: {} },
});
