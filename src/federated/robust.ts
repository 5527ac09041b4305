// Sums that a few clients cannot pull where they like. They need all of a round's vectors at once, but for the norm.
import type { ServerSide, Update, Vector } from "./method.ts";
import { averaging } from "./servers.ts";
import { between, minus, normOf, squaredDistance } from "./vectors.ts";

type Combine = (vectors: readonly Vector[], updates: readonly Update[]) => Vector;

/** Combines every named vector of a round's updates by itself; a round in which nobody had rows changes nothing. */
function together(combine: Combine): ServerSide {
  return {
    begin: (initial) => initial,
    gather: (state) => {
      const updates: Update[] = [];
      return {
        add: (update) => void (update.examples > 0 && updates.push(update)),
        result: () => {
          const names = Object.keys(updates[0]?.up ?? {});
          const of = (name: string): Vector =>
            combine(
              updates.map(({ up }) => up[name]!),
              updates,
            );
          return { ...state, ...Object.fromEntries(names.map((name) => [name, of(name)])) };
        },
      };
    },
  };
}

// number by number, ascending
function sorted(vectors: readonly Vector[], of: (column: Float64Array) => number): Vector {
  const column = new Float64Array(vectors.length);
  return vectors[0]!.map((_, i) => {
    vectors.forEach((vector, j) => (column[j] = vector[i]!));
    return of(column.sort());
  });
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The middle of every number, or the mean of the two middle ones (Yin et al. 2018, arXiv 1803.01498). */
export function median(): ServerSide {
  return together((vectors) =>
    sorted(vectors, (column) =>
      mean(column.subarray(Math.floor((column.length - 1) / 2), Math.floor(column.length / 2) + 1)),
    ),
  );
}

/** The mean of every number without this share of the highest and of the lowest (Yin et al. 2018). */
export function trimmedMean(share: number): ServerSide {
  return together((vectors) => {
    const cut = Math.min(Math.floor(share * vectors.length), Math.floor((vectors.length - 1) / 2));
    return sorted(vectors, (column) => mean(column.subarray(cut, column.length - cut)));
  });
}

/**
 * The `keep` updates that are closest to their neighbours, averaged; of n clients, `liars` may be far from all (Krum and
 * Multi-Krum, Blanchard et al. 2017, arXiv 1703.02757). One set is chosen for all names.
 */
export function krum({ liars, keep }: { liars: number; keep: number }): ServerSide {
  return together((vectors, updates) => {
    const chosen = closest(updates, { liars, keep });
    const of = chosen.map((i) => vectors[i]!);
    return of[0]!.map((_, i) => of.reduce((sum, vector) => sum + vector[i]!, 0) / of.length);
  });
}

/** Which updates have the smallest sum of squared distances to their n - liars - 2 nearest; the first of equals first. */
export function closest(updates: readonly Update[], { liars, keep }: { liars: number; keep: number }): number[] {
  const near = Math.max(1, updates.length - liars - 2);
  const between2 = (a: Update, b: Update): number =>
    Object.keys(a.up).reduce((sum, name) => sum + squaredDistance(a.up[name]!, b.up[name]!), 0);
  const scores = updates.map((one, i) => {
    const distances = updates.flatMap((other, j) => (i === j ? [] : [between2(one, other)])).sort((a, b) => a - b);
    return distances.slice(0, near).reduce((sum, square) => sum + square, 0);
  });
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
  return order.slice(0, Math.max(1, keep)).sort((a, b) => a - b);
}

/** Averages updates that are shortened to this distance from the vector `of` that they began at. */
export function clippedNorm(of: string, norm: number): ServerSide {
  const inner = averaging();
  return {
    ...inner,
    gather: (state, round) => {
      const gathering = inner.gather(state, round);
      return {
        add: (update) => {
          const [w, to] = [state[of]!, update.up[of]!];
          const length = normOf(minus(to, w));
          const shortened = length > norm ? between(w, to, norm / length) : to;
          gathering.add({ ...update, up: { ...update.up, [of]: shortened } });
        },
        result: () => gathering.result(),
      };
    },
  };
}
