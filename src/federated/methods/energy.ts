// How well a head knows rows, without their labels.
import { exp, log } from "../../runtime/scalar.ts";

/**
 * The energy of Liu et al. 2020 (arXiv 2010.03759), nats: the mean of -log sum_c e^logit_c over rows; low where a head knows such rows.
 * @param logits [rows, classes], flat; 0 without rows
 */
export function energyOf(logits: ArrayLike<number>, classes: number): number {
  const rows = logits.length / classes;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const row = Array.from({ length: classes }, (_, c) => logits[i * classes + c]!);
    const top = Math.max(...row);
    total -= top + log(row.reduce((sum, z) => sum + exp(z - top), 0));
  }
  return total / Math.max(1, rows);
}
