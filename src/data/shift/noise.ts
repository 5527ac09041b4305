// Feature noise (Li et al. 2022, NIID-Bench): Gaussian, more for later clients. Theirs is drawn anew whenever an image is looked
// at; here a row has its noise for good, so that a client's data are data.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { normal } from "../distributions.ts";
import { imageShape } from "./rotation.ts";

export interface Noise {
  /** Standard deviation: of bytes as a part of 255, of floats in their own unit. */
  readonly deviation: number;
  /** In one square of an image alone, by its number from the upper left of `of` x `of` squares ("space" in NIID-Bench). */
  readonly patch?: { readonly at: number; readonly of: number };
}

/** Rows with noise; bytes are rounded and stay from 0 to 255. */
export function noisy<X extends Uint8Array | Float32Array>(
  x: X,
  rows: ArrayLike<number>,
  shape: readonly number[],
  { deviation, patch }: Noise,
  key: Key,
): X {
  const size = shape.reduce((product, n) => product * n, 1);
  const within = patch ? squareOf(shape, patch) : undefined;
  const bytes = x instanceof Uint8Array;
  const out = x.slice() as X;
  for (let i = 0; i < rows.length; i++) {
    const stream = new Stream(fold(key, rows[i]!));
    for (let at = 0; at < size; at++) {
      if (within && !within[at]) continue;
      const value = x[i * size + at]! + deviation * normal(stream) * (bytes ? 255 : 1);
      out[i * size + at] = bytes ? Math.min(255, Math.max(0, Math.round(value))) : value;
    }
  }
  return out;
}

function squareOf(shape: readonly number[], { at, of }: { at: number; of: number }): Uint8Array {
  const [channels, height, width] = imageShape("noise", shape);
  const [top, left] = [Math.floor(at / of) % of, at % of];
  const inside = (value: number, side: number, part: number): boolean => Math.floor((value * of) / side) === part;
  return Uint8Array.from({ length: channels * height * width }, (_, i) => {
    const [r, c] = [Math.floor(i / width) % height, i % width];
    return Number(inside(r, height, top) && inside(c, width, left));
  });
}
