// Numbers about numbers: medians, spreads, and whether timings come from two states of the machine instead of one.

/** The middle of the values, or the mean of the two in the middle. NaN for none. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The value below which the fraction `q` of the values lies, interpolated. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const rest = at - low;
  // an index past the end would make NaN of a whole number
  return rest === 0 ? (sorted[low] ?? NaN) : sorted[low]! * (1 - rest) + sorted[low + 1]! * rest;
}

/**
 * The median with an interval that holds it with 99 % confidence, whatever the distribution: between the order statistics
 * that a binomial count of values below the median stays within. The whole range for fewer than 8 values.
 */
export function medianInterval(values: ArrayLike<number>): { low: number; middle: number; high: number } {
  const sorted = Float64Array.from(values).toSorted();
  const n = sorted.length;
  // the largest k with P(Binomial(n, 1/2) < k) at most 0.5 %
  let k = 0;
  let probability = 2 ** -n;
  let below = probability;
  while (below <= 0.005) {
    k++;
    probability *= (n - k + 1) / k;
    below += probability;
  }
  const at = Math.max(0, k - 1);
  return { low: sorted[at]!, middle: median(sorted), high: sorted[n - 1 - at]! };
}

/** Two clusters of timings: the mean of each, and which share of the samples is in the slow one. */
export interface Modes {
  readonly fast: number;
  readonly slow: number;
  readonly slowShare: number;
}

// A cut through one bell-shaped cluster separates halves by 2.7 of their standard deviations, through a flat one by 3.5
const SEPARATION = 5;
const LEAST_SHARE = 0.1;
const LEAST_GAP = 0.15;

/**
 * The two modes of bimodal timings, or null. The samples are cut where the clusters are tightest (Otsu 1979); they are two
 * states if both hold a tenth of the samples, lie 15 % apart and far apart for their widths (Ashman's D above 5). Fewer
 * than 8 samples say nothing.
 */
export function modes(samples: ArrayLike<number>): Modes | null {
  const n = samples.length;
  if (n < 8) return null;
  const sorted = Float64Array.from(samples).toSorted();
  const sums = new Float64Array(n + 1);
  const squares = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    sums[i + 1] = sums[i]! + sorted[i]!;
    squares[i + 1] = squares[i]! + sorted[i]! ** 2;
  }
  const mean = (from: number, to: number): number => (sums[to]! - sums[from]!) / (to - from);
  const variance = (from: number, to: number): number =>
    Math.max(0, (squares[to]! - squares[from]!) / (to - from) - mean(from, to) ** 2);
  let cut = 1;
  let least = Infinity;
  for (let i = 1; i < n; i++) {
    const within = i * variance(0, i) + (n - i) * variance(i, n);
    if (within < least) {
      least = within;
      cut = i;
    }
  }
  const [fast, slow] = [mean(0, cut), mean(cut, n)];
  const slowShare = (n - cut) / n;
  const width = Math.sqrt((variance(0, cut) + variance(cut, n)) / 2);
  const apart = slow - fast > LEAST_GAP * fast && slow - fast > SEPARATION * width;
  return apart && Math.min(slowShare, 1 - slowShare) >= LEAST_SHARE ? { fast, slow, slowShare } : null;
}
