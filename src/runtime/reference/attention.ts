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
  ld: number,
];

/** Element i of a row of a head, with heads behind each other, or beside each other in rows of `ld`. */
const placed =
  (heads: number, rows: number, width: number, ld: number) =>
  (head: number, row: number, i: number): number =>
    ld ? (Math.floor(head / heads) * rows + row) * ld + (head % heads) * width + i : (head * rows + row) * width + i;

/** Where elements of queries, keys, values and answers lie. */
const places = ([, heads, queries, keys, d, dv, , , ld]: Sizes) => ({
  q: placed(heads, queries, d, ld),
  k: placed(heads, keys, d, ld),
  v: placed(heads, keys, dv, ld),
  y: placed(heads, queries, dv, ld && heads * dv),
});

export function attention(views: Views): Group {
  const at = (pointer: number, i: number): number => views.f[wordAt(pointer) + i]!;

  /** Calls `visit` for every query of every head with its scores, -Infinity for what it does not see. */
  const eachQuery = (
    q: number,
    k: number,
    mask: number,
    sizes: Sizes,
    visit: (head: number, i: number, scores: number[]) => void,
  ): void => {
    const [batch, heads, queries, keys, d, , causal, scale] = sizes;
    const place = places(sizes);
    for (let head = 0; head < batch * heads; head++)
      for (let i = 0; i < queries; i++) {
        const scores = Array.from({ length: keys }, (_, j) => {
          if ((causal && j > i) || (mask && at(mask, Math.floor(head / heads) * keys + j) === 0)) return -Infinity;
          let sum = 0;
          for (let c = 0; c < d; c++) sum += at(q, place.q(head, i, c)) * at(k, place.k(head, j, c));
          return sum * scale;
        });
        visit(head, i, scores);
      }
  };

  return {
    attention(q, k, v, mask, y, sums, ...rest) {
      const { f } = views;
      const sizes = rest.slice(0, 9) as unknown as Sizes;
      const [, , queries, keys, , dv] = sizes;
      const place = places(sizes);
      eachQuery(q, k, mask, sizes, (head, i, scores) => {
        const max = Math.max(...scores);
        const e = scores.map((s) => (max === -Infinity ? 0 : Math.exp(s - max)));
        const total = e.reduce((n, x) => n + x, 0);
        f[wordAt(sums) + head * queries + i] = total === 0 ? Infinity : max + Math.log(total);
        for (let c = 0; c < dv; c++) {
          let sum = 0;
          for (let j = 0; j < keys; j++) sum += total === 0 ? 0 : (e[j]! / total) * at(v, place.v(head, j, c));
          f[wordAt(y) + place.y(head, i, c)] = sum;
        }
      });
    },

    attentionGrad(q, k, v, mask, y, sums, gy, gq, gk, gv, ...rest) {
      const { f } = views;
      const sizes = rest.slice(0, 9) as unknown as Sizes;
      const [batch, heads, queries, keys, d, dv, , scale] = sizes;
      const place = places(sizes);
      for (let head = 0; head < batch * heads; head++) {
        for (let c = 0; c < d; c++) {
          for (let i = 0; i < queries; i++) f[wordAt(gq) + place.q(head, i, c)] = 0;
          for (let j = 0; j < keys; j++) f[wordAt(gk) + place.k(head, j, c)] = 0;
        }
        for (let c = 0; c < dv; c++) for (let j = 0; j < keys; j++) f[wordAt(gv) + place.v(head, j, c)] = 0;
      }
      eachQuery(q, k, mask, sizes, (head, i, scores) => {
        let mean = 0;
        for (let c = 0; c < dv; c++) mean += at(gy, place.y(head, i, c)) * at(y, place.y(head, i, c));
        scores.forEach((s, j) => {
          const p = Math.exp(s - at(sums, head * queries + i));
          let slope = 0;
          for (let c = 0; c < dv; c++) {
            slope += at(gy, place.y(head, i, c)) * at(v, place.v(head, j, c));
            f[wordAt(gv) + place.v(head, j, c)]! += p * at(gy, place.y(head, i, c));
          }
          const ds = p * (slope - mean) * scale;
          for (let c = 0; c < d; c++) {
            f[wordAt(gq) + place.q(head, i, c)]! += ds * at(k, place.k(head, j, c));
            f[wordAt(gk) + place.k(head, j, c)]! += ds * at(q, place.q(head, i, c));
          }
        });
      });
    },

    attentionScratchBytes: () => 0,
    attentionGradScratchBytes: () => 0,
  };
}
