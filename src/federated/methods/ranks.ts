// Low-rank factors of other ranks: whose client has which, and factors that are cut or filled up (heterogeneous LoRA, Cho et al. 2024).
import { isBeside, placeOf } from "../../nn/adapted.ts";
import { fold, Stream } from "../../runtime/random.ts";
import type { Kit } from "../kit.ts";
import type { Vector } from "../method.ts";
import type { Adapted } from "./adapters.ts";

/** The rank of a client: from `least` to `rank`, drawn for it. */
export function rankOf(
  { options: { key } }: Pick<Kit, "options">,
  client: number,
  { least, rank }: { least: number; rank: number },
): number {
  const low = Math.min(least, rank);
  return low + new Stream(fold(key, "rank", client)).below(rank - low + 1);
}

/** One of a product's factors. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Whether its rows are what a rank counts; else its columns are. */
  readonly first: boolean;
}

/** The factors beside a model's layers, in their order: two a layer. */
export function factorsOf({ module: { specs } }: Adapted): Matrix[] {
  return specs.filter(({ name }) => isBeside(name)).map(({ name, shape }) => ({ rows: shape[0]!, columns: shape[1]!, first: placeOf(name).own === "a" })); // prettier-ignore
}

/** Factors of rank `from` as factors of rank `to`: cut, or with zeros behind. @param factors of any rank */
export function ofRank(values: Vector, factors: readonly Matrix[], from: number, to: number): Vector {
  let at = 0;
  const found: number[] = [];
  for (const { rows, columns, first } of factors) {
    const [height, width] = first ? [to, columns] : [rows, to];
    const old = first ? columns : from;
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) found.push((first ? i : j) < from ? values[at + i * old + j]! : 0);
    at += first ? from * columns : rows * from;
  }
  return values instanceof Float64Array ? Float64Array.from(found) : Float32Array.from(found);
}

/** The Frobenius norm of all layers' products together. */
export function productNorm(values: Vector, factors: readonly Matrix[], rank: number): number {
  let [at, total] = [0, 0];
  for (let k = 0; k + 1 < factors.length; k += 2) {
    const [inputs, outputs] = [factors[k]!.columns, factors[k + 1]!.rows];
    const b = at + rank * inputs;
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += values[b + o * rank + r]! * values[at + r * inputs + i]!;
        total += sum * sum;
      }
    at = b + outputs * rank;
  }
  return Math.sqrt(total);
}
