// FedFomo (Zhang et al. 2021): a client looks at a few others' models and takes of each as much as it lowers its own loss.
import { answering } from "../answering.ts";
import { method, type Method, type Vector, type Vectors } from "../method.ts";
import { noticeboard, posted } from "../servers.ts";
import { combination, normOf, minus } from "../vectors.ts";

/** How much of each candidate is taken: what it lowers the loss by over how far it is, those that raise it none, 1 in all. */
export function shares(before: number, candidates: readonly { loss: number; distance: number }[]): number[] {
  const raw = candidates.map(({ loss, distance }) => (distance > 0 ? Math.max(0, before - loss) / distance : 0));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return total > 0 ? raw.map((weight) => weight / total) : raw;
}

export const fedfomo: Method = method({
  name: "fedfomo",
  paper: "arXiv 2012.08565",
  about: "every client takes of a few others' models as much as each lowers its own validation loss",
  options: { m: 5 },
  ranges: { m: { min: 0, whole: true } },
  sends: ["model", "liking"],
  receives: ["model.*"],
  peers: ["model.*"],
  keeps: ["own"],
  client: (kit, { m }) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    return {
      initial: () => ({}),
      *train(turn) {
        const before = turn.kept.own ?? kit.initial;
        const { validation, train } = turn.own;
        const rows = validation.count > 0 ? validation : train;
        const lossOf = (model: Vector): number => {
          net.parameters.copyFrom(model);
          return kit.lossOn(net, rows);
        };
        const candidates = posted(turn.down as Vectors, "model");
        const base = rows.count > 0 && candidates.length > 0 ? lossOf(before) : 0;
        const found =
          rows.count > 0
            ? candidates.map(({ vector }) => ({ loss: lossOf(vector), distance: normOf(minus(vector, before)) }))
            : [];
        const taken = shares(base, found);
        const rest = 1 - taken.reduce((sum, share) => sum + share, 0);
        const mixed = taken.some((share) => share > 0);
        net.parameters.copyFrom(
          mixed
            ? combination([[rest, before], ...taken.map((share, i) => [share, candidates[i]!.vector] as const)])
            : before,
        );
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, stream: "own" });
        const own = net.parameters.toArray();
        // m pairs whoever was there, as what is sent has one size for everybody
        const liking = new Float64Array(2 * m).fill(-1);
        liking.set(taken.flatMap((share, i) => [candidates[i]!.client, share]));
        return { up: { model: own, liking }, kept: { own }, metrics: { trainLoss } };
      },
      answers({ kept }) {
        net.parameters.copyFrom(kept.own ?? kit.initial);
        return { own: answering(net) };
      },
    };
  },
  server: ({ m }) => ({
    ...noticeboard({ merge: { liking: adding } }),
    // those liked most, and before them those of which nothing is known yet; of equal ones the first, as they are posted
    down: (state, { client }) => {
      const liked = new Map(pairsOf(state[`liking.${client}`] ?? new Float64Array()));
      const rank = (peer: number): number => liked.get(peer) ?? Infinity;
      const others = posted(state, "model").filter((one) => one.client !== client);
      const ranked = others.toSorted((a, b) =>
        rank(a.client) === rank(b.client) ? 0 : rank(b.client) > rank(a.client) ? 1 : -1,
      );
      return Object.fromEntries(ranked.slice(0, m).map((one) => [`model.${one.client}`, one.vector]));
    },
  }),
  traffic: ({ model, clients }, { m }) => {
    const peer = Math.min(m, clients - 1) * model;
    return { down: peer, up: model + 2 * m, peer };
  },
  laws: [{ when: { m: 0 }, is: "local" }],
  presets: { library: { options: { m: 5 }, note: "PFLlib's count of candidates" }, safe: {} },
});

/** Clients and what belongs to each, from a flat vector of both in turn; places that nobody has are -1. */
export function pairsOf(flat: Vector): [number, number][] {
  const pairs = Array.from({ length: flat.length / 2 }, (_, i): [number, number] => [flat[2 * i]!, flat[2 * i + 1]!]);
  return pairs.filter(([client]) => client >= 0);
}

function adding(before: Vector | undefined, now: Vector): Vector {
  const sums = new Map(pairsOf(before ?? new Float64Array()));
  for (const [peer, weight] of pairsOf(now)) sums.set(peer, (sums.get(peer) ?? 0) + weight);
  return Float64Array.from([...sums].flat());
}
