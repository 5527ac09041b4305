// PENS (Onoszko et al. 2021): clients first find out whose models do well on their own rows, and then gossip with those alone.
import { method, type Method, type Vector } from "../method.ts";
import { drawn, exchanging, meanWith, network, told } from "./exchange.ts";

/** How often a peer was tried, and how often taken. */
export type Seen = ReadonlyMap<number, readonly [tried: number, taken: number]>;

export function seenOf(flat: Vector = new Float64Array()): Map<number, [number, number]> {
  const rows = Array.from({ length: flat.length / 3 }, (_, i) => Array.from(flat.subarray(3 * i, 3 * i + 3)));
  return new Map(rows.flatMap(([peer, tried, taken]) => (peer! < 0 ? [] : [[peer!, [tried!, taken!]]])));
}

/** Those that were taken more often than chance would: `best` of `sample`. Ascending. */
export function neighbours(seen: Seen, { sample, best }: { readonly sample: number; readonly best: number }): number[] {
  const good = [...seen].filter(([, [tried, taken]]) => taken > (tried * best) / sample);
  return good.map(([peer]) => peer).sort((a, b) => a - b);
}

function adding(before: Vector | undefined, now: Vector): Vector {
  const sums = seenOf(before);
  for (const [peer, [tried, taken]] of seenOf(now)) {
    const [a, b] = sums.get(peer) ?? [0, 0];
    sums.set(peer, [a + tried, b + taken]);
  }
  return Float64Array.from([...sums].flatMap(([peer, counts]) => [peer, ...counts]));
}

export const pens: Method = method({
  name: "pens",
  paper: "arXiv 2107.08517",
  about:
    "no server: clients find peers whose models have a low loss on their own rows, and then average with those alone",
  // in the first `rounds` a client tries `sample` models and takes the `best` of them, later `best` of its neighbours
  options: { sample: 4, best: 2, rounds: 20 },
  ranges: { sample: { min: 0, whole: true }, best: { min: 0, whole: true }, rounds: { min: 0, whole: true } },
  sends: ["model", "seen"],
  receives: ["model.*"],
  peers: ["model.*"],
  keeps: ["own"],
  client: (kit, { sample, best, rounds }) =>
    exchanging<"seen">(kit, ({ own, peers, lossOf, turn }) => {
      const finding = turn.round < rounds;
      const choosing = finding && peers.length > best && turn.own.train.count > 0;
      const tried = choosing ? peers.map((peer) => ({ peer, loss: lossOf(peer.vector) })) : [];
      // a sort of equals keeps their order
      const lowest = tried.toSorted((a, b) => a.loss - b.loss).slice(0, best);
      const good = new Set(lowest.map(({ peer }) => peer.client));
      const taken = choosing ? peers.filter(({ client }) => good.has(client)) : peers;
      const seen = tried.map(({ peer: { client } }) => [client, 1, Number(good.has(client))]);
      return { from: meanWith(own, taken), up: { seen: told(seen, 3, sample) }, kept: {} };
    }),
  server: ({ sample, best, rounds }) =>
    network(
      (state, { client, round, key }, others) => {
        if (round < rounds) return drawn(others, sample, key);
        return drawn(neighbours(seenOf(state[`seen.${client}`]), { sample, best }), best, key);
      },
      { merge: { seen: adding } },
    ),
  traffic: ({ model, clients }, { sample }) => ({
    down: Math.min(sample, clients - 1) * model,
    peer: Math.min(sample, clients - 1) * model,
    up: model + 3 * sample,
  }),
  laws: [
    { when: { sample: 2, best: 2, rounds: 1e6 }, is: "gossip", with: { peers: 2 } },
    { when: { sample: 0 }, is: "local" },
  ],
  presets: {
    paper: {
      options: { sample: 10, best: 2, rounds: 100 },
      optimizer: { kind: "sgd", lr: 0.01, weightDecay: 0.001 },
      localEpochs: 3,
      batchSize: 8,
      rounds: 500,
      note: "CIFAR-10, half of it turned over, five clients, as gossipy repeats it; by losses here, there by accuracies",
    },
    safe: {},
  },
});
