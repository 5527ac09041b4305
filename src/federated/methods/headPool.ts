// Heads of other clients on one body: which are near, and an attention that weighs class by class whose row answers (pFedMoAP, Luo et al.
// 2025).
import { add } from "../../autograd/ops/add.ts";
import { affine, mul } from "../../autograd/ops/arithmetic.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { permute } from "../../autograd/ops/permute.ts";
import { stack } from "../../autograd/ops/slice.ts";
import { softmax } from "../../autograd/ops/softmax.ts";
import { sum } from "../../autograd/ops/sum.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import type { Vectors } from "../method.ts";
import { posted } from "../servers.ts";
import { squaredDistance } from "../vectors.ts";

/** A linear head: its rows, one a class [classes, features], and biases [classes]. */
export type Head = readonly [w: Tensor, b: Tensor];

/**
 * Logits [rows, classes] of heads that attention weighs class by class, and lambda times the first one's.
 * @param z features [rows, features]
 * @param gate projections of features and of a head's rows, [width, features] each
 */
export function attended(
  z: Tensor,
  heads: readonly Head[],
  [query, key]: readonly [Tensor, Tensor],
  lambda: number,
): Tensor {
  const q = linear(z, query, null);
  const scale = 1 / Math.sqrt(query.shape[0]!);
  const scores = heads.map(([w]) => affine(matmul(q, linear(w, key, null), { transB: true }), scale, 0));
  const logits = heads.map(([w, b]) => linear(z, w, b));
  // [rows, classes, heads]
  const weights = softmax(permute(stack(scores, 0), [1, 2, 0]));
  const mixed = sum(mul(weights, permute(stack(logits, 0), [1, 2, 0])), { axis: 2 });
  return add(mixed, affine(logits[0]!, lambda, 0));
}

/** The clients whose heads are nearest to a client's own, ascending by distance, equals by number; nobody where it has none yet. */
export function nearestHeads(state: Vectors, client: number, count: number): number[] {
  const own = state[`pool.${client}`];
  if (!own) return [];
  return posted(state, "pool")
    .filter((one) => one.client !== client)
    .map((one) => ({ client: one.client, far: squaredDistance(own, one.vector) }))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, count)
    .map((one) => one.client);
}
