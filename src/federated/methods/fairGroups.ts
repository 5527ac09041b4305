// Clusters of clients by how near their models are and by how unfair a cluster would be.
import type { Update, Vector, Vectors } from "../method.ts";
import { squaredDistance } from "../vectors.ts";

/** What is known of a client when clusters are made. */
export interface Member {
  readonly model: Vector;
  /** Of its own model between the groups of its own rows, -1 to 1. */
  readonly gap: number;
}

/** How many clusters, and how much of a join's cost is distance; the rest is unfairness. */
export interface Joining {
  readonly k: number;
  readonly gamma: number;
}

export const placeOf = (cluster: number): string => `model.${cluster}`;

/** Which cluster a client is in; the first until it is in one. */
export const clusterOf = (state: Vectors, client: number): number => state[`cluster.${client}`]?.[0] ?? 0;

/**
 * k groups at most: those join first whose members' models are nearest on the mean, over the largest distance, and whose gaps cancel.
 * Positions, ascending, by their first.
 */
export function fairGroups(members: readonly Member[], { k, gamma }: Joining): number[][] {
  const distances = members.map((a) => members.map((b) => Math.sqrt(squaredDistance(a.model, b.model))));
  const most = Math.max(...distances.flat());
  const groups = members.map((_, i) => [i]);
  const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const cost = (a: readonly number[], b: readonly number[]): number => {
    const far = meanOf(a.flatMap((i) => b.map((j) => distances[i]![j]!)));
    const unfair = Math.abs(meanOf([...a, ...b].map((i) => members[i]!.gap)));
    return gamma * (most > 0 ? far / most : 0) + (1 - gamma) * unfair;
  };
  while (groups.length > k) {
    let best = { a: 0, b: 1, value: Infinity };
    for (let a = 0; a < groups.length; a++)
      for (let b = a + 1; b < groups.length; b++) {
        const value = cost(groups[a]!, groups[b]!);
        if (value < best.value) best = { a, b, value };
      }
    groups[best.a]!.push(...groups.splice(best.b, 1)[0]!);
  }
  return groups.map((group) => group.toSorted((a, b) => a - b));
}

/**
 * A state in which everybody who sent something is in a cluster: made of these clients where there are none yet, each with the model that
 * was everybody's; else each newcomer in the one whose model its own is nearest to.
 */
export function assigned(state: Vectors, updates: readonly Update[], joining: Joining): Vectors {
  const has = Object.keys(state).some((name) => name.startsWith("cluster."));
  const next: Record<string, Vector> = { ...state };
  if (!has) {
    const known = updates.filter(({ examples }) => examples > 0);
    const members = known.map(({ up }) => ({ model: up["model"]!, gap: up["gap"]![0]! }));
    fairGroups(members, joining).forEach((group, cluster) => {
      next[placeOf(cluster)] = state[placeOf(0)]!;
      for (const i of group) next[`cluster.${known[i]!.client}`] = Float64Array.of(cluster);
    });
    return next;
  }
  const models = Object.keys(state).filter((name) => name.startsWith("model."));
  for (const { client, up } of updates) {
    if (state[`cluster.${client}`]) continue;
    const far = models.map((name) => squaredDistance(up["model"]!, state[name]!));
    next[`cluster.${client}`] = Float64Array.of(Number(models[far.indexOf(Math.min(...far))]!.slice("model.".length)));
  }
  return next;
}
