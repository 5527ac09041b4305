// Which experts of a large mixture a client has (FedMoE, Mei et al. 2024): those that its rows use most within what it can hold, and what
// clients like it suggest later on. Usage is [layers x experts], how often an expert of a layer is among a row's.
import type { Vector } from "../method.ts";
import { cosine } from "../vectors.ts";

/** A layer's shares of usage, even where nothing was used. */
function sharesOf(usage: Vector, layer: number, experts: number): number[] {
  const own = Array.from(usage.subarray(layer * experts, (layer + 1) * experts));
  const total = own.reduce((sum, one) => sum + one, 0);
  return own.map((one) => (total > 0 ? one / total : 1 / experts));
}

// the most used first, ties to the lowest number
const ranked = (shares: readonly number[]): number[] => shares.map((_, e) => e).sort((a, b) => shares[b]! - shares[a]!);

/** The fewest experts of each layer that do a share `theta` of its work, one at least. */
function reaching(layers: readonly (readonly number[])[], theta: number): number[][] {
  return layers.map((shares) => {
    const order = ranked(shares);
    let [kept, sum] = [0, 0];
    while (kept < order.length && (kept === 0 || sum < theta - 1e-12)) sum += shares[order[kept++]!]!;
    return order.slice(0, kept);
  });
}

/**
 * 1 for the experts that a client has, else 0: so many at most, but one a layer, so that the share of its work that every layer keeps is
 * the largest.
 */
export function withinBudget(
  usage: Vector,
  { experts, budget }: { readonly experts: number; readonly budget: number },
): Float64Array {
  const layers = Array.from({ length: usage.length / experts }, (_, l) => sharesOf(usage, l, experts));
  // the only shares at which a layer's number changes
  const steps = layers.flatMap((shares) => {
    let sum = 0;
    return ranked(shares).map((e) => (sum += shares[e]!));
  });
  const fits = [0, ...steps].filter((theta) => reaching(layers, theta).flat().length <= budget);
  const mask = new Float64Array(usage.length);
  reaching(layers, Math.max(0, ...fits)).forEach((kept, l) => kept.forEach((e) => (mask[l * experts + e] = 1)));
  return mask;
}

/** What is known of a client: how its rows use experts, and which it has. */
export interface Member {
  readonly usage: Vector;
  readonly mask: Vector;
}

const sizeOf = (mask: Vector): number => Array.from(mask).reduce((sum, one) => sum + one, 0);

/**
 * The experts that clients like this one suggest: as many more or fewer as they have on the mean, those that they use most or least,
 * weighed by how alike they are. Never more than the budget, never the last one of a layer.
 * @param nearest how many clients are asked
 */
export function recommended(
  own: Member,
  others: readonly Member[],
  { experts, budget, nearest }: { readonly experts: number; readonly budget: number; readonly nearest: number },
): Float64Array {
  const like = others
    .map((member) => ({ member, similarity: cosine(own.usage, member.usage) }))
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, nearest);
  const mask = Float64Array.from(own.mask);
  const total = like.reduce((sum, { similarity }) => sum + similarity, 0);
  if (!(total > 0)) return mask;
  const mean = like.reduce((sum, { member }) => sum + sizeOf(member.mask), 0) / like.length;
  const more = Math.min(Math.round(mean - sizeOf(mask)), budget - sizeOf(mask));
  const liked = Array.from(mask, (_, i) => like.reduce((sum, { member, similarity }) => sum + (similarity * member.usage[i]!) / total, 0)); // prettier-ignore
  const order = ranked(liked);
  for (const i of order.filter((i) => mask[i] === 0).slice(0, Math.max(0, more))) mask[i] = 1;
  let fewer = Math.max(0, -more);
  for (const i of order.toReversed()) {
    const layer = Math.floor(i / experts);
    if (fewer === 0) break;
    if (mask[i] === 0 || sizeOf(mask.subarray(layer * experts, (layer + 1) * experts)) === 1) continue;
    mask[i] = 0;
    fewer--;
  }
  return mask;
}

/** The mean usage of clients, for one of whom nothing is known; even where nothing is known of anybody. */
export function meanUsage(known: readonly Vector[], size: number): Float64Array {
  const mean = new Float64Array(size).fill(known.length > 0 ? 0 : 1);
  for (const usage of known) usage.forEach((one, i) => (mean[i]! += one / known.length));
  return mean;
}
