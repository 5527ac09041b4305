// Points of the simplex, numbers of at least 0 that sum to 1: the nearest to a point, one drawn by chance, many spread over it.
import { type Key, Stream } from "../../runtime/random.ts";
import { log, pow } from "../../runtime/scalar.ts";
import type { Vector } from "../method.ts";
import { squaredDistance } from "../vectors.ts";

/** Points of the simplex that lie no farther from a centre than `radius`, by the sum of absolute differences. */
export interface Region {
  readonly centre: Vector;
  readonly radius: number;
}

/** All of the simplex: no two of its points are farther apart than 2. */
export function everywhere(corners: number): Region {
  return { centre: new Float64Array(corners).fill(1 / corners), radius: 2 };
}

/** A region in a vector: its centre, and its radius behind it. */
export const packed = ({ centre, radius }: Region): Vector => Float64Array.of(...centre, radius);
export const unpacked = (region: Vector): Region => ({ centre: region.subarray(0, -1), radius: region.at(-1)! });

/** The point of the simplex that is nearest to this one. */
export function projected(point: Vector): Vector {
  let [sum, shift] = [0, 0];
  for (const [i, x] of point.toSorted().toReversed().entries()) {
    sum += x;
    // the coordinates down to this one stay above 0
    if (x > (sum - 1) / (i + 1)) shift = (sum - 1) / (i + 1);
  }
  return point.map((x) => Math.max(0, x - shift));
}

// below any draw but 0, which has no logarithm
const LEAST_DRAW = 2 ** -54;

/**
 * A point of a region. A uniform point of the simplex is taken as it is where it lies within; else the point is on the way to it
 * and as far out as points of a uniform ball are. So all of the simplex is met uniformly, and nothing outside of it.
 */
export function drawn({ centre, radius }: Region, key: Key): Vector {
  const stream = new Stream(key);
  // exponential draws over their sum, in which signs cancel
  const draws = Array.from(centre, () => log(Math.max(stream.uniform(), LEAST_DRAW)));
  const total = draws.reduce((a, b) => a + b);
  const way = draws.map((draw, i) => draw / total - centre[i]!);
  const far = way.reduce((sum, x) => sum + Math.abs(x), 0);
  const part = far > radius ? (radius / far) * pow(stream.uniform(), 1 / (centre.length - 1)) : 1;
  return centre.map((x, i) => x + part * way[i]!);
}

const SIZES = 200;
// points closer than the root of this are not told apart, so that two in one place do not outweigh all others
const LEAST_SQUARE = 1e-8;
const LEAST_SIZE = 1e-300;

/**
 * Points moved onto the simplex, shrunk so far that they repel each other least (Riesz energy, the sum over pairs of one over the
 * squared distance). Sizes are relative: points all twice as far out end in the same places.
 */
export function spread(points: readonly Vector[]): readonly Vector[] {
  const most = Math.max(LEAST_SIZE, ...points.map((point) => Math.max(...point.map(Math.abs))));
  let best: { energy: number; places: readonly Vector[] } | undefined;
  for (let size = 1; size <= SIZES; size++) {
    // at the last one all of them lie within the simplex, and beyond it only closer to each other
    const scale = (SIZES / size) ** 2 / (2 * points[0]!.length * most);
    const places = points.map((point) => projected(point.map((x) => scale * x)));
    const energy = energyOf(places);
    if (!best || energy < best.energy) best = { energy, places };
  }
  return best!.places;
}

function energyOf(places: readonly Vector[]): number {
  let sum = 0;
  for (const a of places) for (const b of places) if (a !== b) sum += 1 / Math.max(LEAST_SQUARE, squaredDistance(a, b));
  return sum;
}
