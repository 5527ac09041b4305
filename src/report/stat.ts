// Means with honest intervals. Only + - * / and square roots, which every engine rounds alike, so that a summary has
// the same digits everywhere.
import type { Stat } from "./records.ts";

// quantiles of Student's t at 0.975 for 1 to 30 degrees of freedom
// prettier-ignore
const quantiles = [
  12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511, 2.3646242516, 2.3060041352,
  2.2621571628, 2.228138852, 2.2009851601, 2.1788128297, 2.1603686565, 2.1447866879, 2.1314495456, 2.1199052992,
  2.1098155778, 2.1009220402, 2.0930240544, 2.0859634473, 2.0796138447, 2.0738730679, 2.0686576104, 2.0638985616,
  2.0595385528, 2.0555294386, 2.0518305165, 2.0484071418, 2.0452296421, 2.0422724563,
];

/** The 0.975 quantile of Student's t, the factor of a 95 % interval; exact to 1e-7. */
export function tQuantile(degreesOfFreedom: number): number {
  const n = degreesOfFreedom;
  if (!Number.isInteger(n) || n < 1)
    throw new RangeError(`tQuantile: degrees of freedom, got ${n}, expected 1 or more`);
  const known = quantiles[n - 1];
  if (known !== undefined) return known;
  // Cornish-Fisher expansion around the normal quantile; Abramowitz and Stegun 26.7.5
  const z = 1.959963984540054;
  const zz = z * z;
  const g1 = (z * (zz + 1)) / 4;
  const g2 = (z * (3 + zz * (16 + 5 * zz))) / 96;
  const g3 = (z * (-15 + zz * (17 + zz * (19 + 3 * zz)))) / 384;
  const g4 = (z * (-945 + zz * (-1920 + zz * (1482 + zz * (776 + 79 * zz))))) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

/**
 * Mean, sample deviation (over n - 1) and the half width of the 95 % t-interval of the mean. One value has no deviation
 * and no interval: they are NaN, which JSON writes as null. RangeError for no values.
 */
export function stat(values: readonly number[]): Stat {
  const n = values.length;
  if (n === 0) throw new RangeError("stat: no values; evaluate at least one client");
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, std: NaN, ci95: NaN };
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  const std = Math.sqrt(squares / (n - 1));
  return { mean, std, ci95: (tQuantile(n - 1) * std) / Math.sqrt(n) };
}

/** The statistic of a[i] - b[i]: pairing by client takes the clients' own spread out of the interval. */
export function pairedDifference(a: readonly number[], b: readonly number[]): Stat {
  if (a.length !== b.length) {
    throw new RangeError(`pairedDifference: unpaired values, got ${a.length} and ${b.length}, expected equally many`);
  }
  return stat(a.map((value, i) => value - (b[i] ?? NaN)));
}
