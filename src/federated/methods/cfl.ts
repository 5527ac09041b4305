// Clustered federated learning (Sattler et al. 2020): FedAvg until its clients' updates point away from each other where their
// mean stands still; then they are parted in two, and so on.
import { method, type Method, type Vector, type Vectors } from "../method.ts";
import { cosine, minus, normOf, plus, scaled } from "../vectors.ts";
import { linked } from "./linkage.ts";
import { sharedModel } from "./sharedModel.ts";

/** Two groups by complete linkage: those join first whose least similar members are most similar. @param similarity [n, n] @returns positions, ascending */
export function bipartition(similarity: readonly (readonly number[])[]): readonly [number[], number[]] {
  const least = (a: readonly number[], b: readonly number[]): number =>
    Math.min(...a.flatMap((i) => b.map((j) => similarity[i]![j]!)));
  const [one = [], two = []] = linked(similarity.length, 2, least);
  return [one, two];
}

/** Whether updates are at odds (the paper's section on when to part): their mean is shorter than eps1, one of them longer than eps2. */
export function isAtOdds(deltas: readonly Vector[], { eps1, eps2 }: { eps1: number; eps2: number }): boolean {
  const mean = scaled(
    deltas.reduce((sum, delta) => plus(sum, delta)),
    1 / deltas.length,
  );
  return normOf(mean) < eps1 && Math.max(...deltas.map(normOf)) > eps2;
}

// which cluster a client is in; the first until it is parted
const clusterOf = (state: Vectors, client: number): number => state[`cluster.${client}`]?.[0] ?? 0;

export const cfl: Method = method({
  name: "cfl",
  paper: "arXiv 1910.01991",
  about: "clusters are parted where their clients' updates point apart; all clients should take part in every round",
  options: { eps1: 0.4, eps2: 1.6, from: 20 },
  ranges: { eps1: { min: 0 }, eps2: { min: 0 }, from: { min: 0, whole: true } },
  sends: ["model"],
  client: (kit) => sharedModel(kit),
  server: ({ eps1, eps2, from }) => ({
    begin: ({ model }) => ({ "model.0": model!, clusters: Float64Array.of(1) }),
    cluster: clusterOf,
    down: (state, { client }) => ({ model: state[`model.${clusterOf(state, client)}`]! }),
    gather: (state, { round }) => {
      const groups = new Map<number, { client: number; delta: Vector }[]>();
      return {
        add: ({ client, up, examples }) => {
          if (examples === 0) return;
          const cluster = clusterOf(state, client);
          const delta = minus(up["model"]!, state[`model.${cluster}`]!);
          groups.set(cluster, [...(groups.get(cluster) ?? []), { client, delta }]);
        },
        result: () => {
          const next: Record<string, Vector> = { ...state };
          let clusters = state["clusters"]![0]!;
          for (const [cluster, members] of groups) {
            const place = `model.${cluster}`;
            const deltas = members.map(({ delta }) => delta);
            const moved = (of: readonly number[]): Vector =>
              of.reduce((w, i) => plus(w, deltas[i]!, 1 / of.length), state[place]!);
            const all = deltas.map((_, i) => i);
            next[place] = moved(all);
            if (round < from || members.length <= 2 || !isAtOdds(deltas, { eps1, eps2 })) continue;
            const [stay, leave] = bipartition(deltas.map((a) => deltas.map((b) => cosine(a, b))));
            [next[place], next[`model.${clusters}`]] = [moved(stay), moved(leave)];
            for (const i of leave) next[`cluster.${members[i]!.client}`] = Float64Array.of(clusters);
            clusters++;
          }
          return { ...next, clusters: Float64Array.of(clusters) };
        },
      };
    },
  }),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: {
      options: { eps1: 0.4, eps2: 1.6, from: 20 },
      optimizer: { kind: "sgd", lr: 0.1, schedule: { kind: "exponential", gamma: 0.99 } },
      note: "EMNIST, ten clients, half of them rotated",
    },
    safe: {},
  },
});
