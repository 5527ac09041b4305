// Reference twins of attention and its gradients: query by query, all scores at once.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<ExtraKernels, "attention" | "attentionGrad" | "attentionScratchBytes" | "attentionGradScratchBytes">;

type Sizes = readonly [
  batch: number,
  heads: number,
  queries: number,
  keys: number,
  d: number,
  dv: number,
  causal: number,
  scale: number,
];

export function attention(views: Views): Group {
  const at = (pointer: number, i: number): number => views.f[wordAt(pointer) + i]!;

  /** Calls `visit` for every query with the numbers of its row and its head, and its scores, -Infinity for what it does not see. */
  const eachQuery = (
    q: number,
    k: number,
    mask: number,
    [batch, heads, queries, keys, d, , causal, scale]: Sizes,
    visit: (row: number, head: number, scores: number[]) => void,
  ): void => {
    for (let head = 0; head < batch * heads; head++)
      for (let i = 0; i < queries; i++) {
        const row = head * queries + i;
        const scores = Array.from({ length: keys }, (_, j) => {
          if ((causal && j > i) || (mask && at(mask, Math.floor(head / heads) * keys + j) === 0)) return -Infinity;
          let sum = 0;
          for (let c = 0; c < d; c++) sum += at(q, row * d + c) * at(k, (head * keys + j) * d + c);
          return sum * scale;
        });
        visit(row, head, scores);
      }
  };

  return {
    attention(q, k, v, mask, y, sums, ...rest) {
      const { f } = views;
      const sizes = rest.slice(0, 8) as unknown as Sizes;
      const [, , , keys, , dv] = sizes;
      eachQuery(q, k, mask, sizes, (row, head, scores) => {
        const max = Math.max(...scores);
        const e = scores.map((s) => (max === -Infinity ? 0 : Math.exp(s - max)));
        const total = e.reduce((n, x) => n + x, 0);
        f[wordAt(sums) + row] = total === 0 ? Infinity : max + Math.log(total);
        for (let c = 0; c < dv; c++) {
          let sum = 0;
          for (let j = 0; j < keys; j++) sum += total === 0 ? 0 : (e[j]! / total) * at(v, (head * keys + j) * dv + c);
          f[wordAt(y) + row * dv + c] = sum;
        }
      });
    },

    attentionGrad(q, k, v, mask, y, sums, gy, gq, gk, gv, ...rest) {
      const { f } = views;
      const sizes = rest.slice(0, 8) as unknown as Sizes;
      const [batch, heads, queries, keys, d, dv, , scale] = sizes;
      const clear = (pointer: number, n: number): void => void f.fill(0, wordAt(pointer), wordAt(pointer) + n);
      clear(gq, batch * heads * queries * d);
      clear(gk, batch * heads * keys * d);
      clear(gv, batch * heads * keys * dv);
      eachQuery(q, k, mask, sizes, (row, head, scores) => {
        let mean = 0;
        for (let c = 0; c < dv; c++) mean += at(gy, row * dv + c) * at(y, row * dv + c);
        scores.forEach((s, j) => {
          const p = Math.exp(s - at(sums, row));
          const key = head * keys + j;
          let slope = 0;
          for (let c = 0; c < dv; c++) {
            slope += at(gy, row * dv + c) * at(v, key * dv + c);
            f[wordAt(gv) + key * dv + c]! += p * at(gy, row * dv + c);
          }
          const ds = p * (slope - mean) * scale;
          for (let c = 0; c < d; c++) {
            f[wordAt(gq) + row * d + c]! += ds * at(k, key * d + c);
            f[wordAt(gk) + key * d + c]! += ds * at(q, row * d + c);
          }
        });
      });
    },

    attentionScratchBytes: () => 0,
    attentionGradScratchBytes: () => 0,
  };
}
