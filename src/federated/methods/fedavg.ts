// FedAvg (McMahan et al. 2017, arXiv 1602.05629).
import type { Update } from "../update.ts";

/**
 * The average of the clients' vectors weighted by their examples. Sums run in the order of `updates` in double
 * precision, so the same clients in the same order give the same bits.
 */
export function fedAvg(updates: readonly Update[]): Float32Array {
  const [first] = updates;
  if (!first) throw new RangeError("fedAvg: at least one client's update is expected");
  const size = first.values.length;
  const total = updates.reduce((sum, { examples }) => sum + examples, 0);
  if (!(total > 0)) throw new RangeError("fedAvg: the clients' examples sum to 0; every client is empty");
  const sum = new Float64Array(size);
  for (const { values, examples, client } of updates) {
    if (values.length !== size)
      throw new RangeError(`fedAvg: client ${client} sent ${values.length} values, expected ${size}; its model differs`);
    const weight = examples / total;
    for (let i = 0; i < size; i++) sum[i]! += weight * values[i]!;
  }
  return Float32Array.from(sum);
}
