// How one client sees rows that others see as they are: turned, renamed, noisy or worn. The rows of a dataset never change; a view
// is laid over those that are staged for a client, so it costs no memory and is the same whoever stages them.
import type { Key } from "../../runtime/random.ts";
import { type Corruption, corrupted } from "./corruption.ts";
import { type Noise, noisy } from "./noise.ts";
import { turned } from "./rotation.ts";

/** What differs for a client; what is not said is as it is for everybody. */
export interface View {
  /** Quarter turns to the left. */
  readonly turns?: number;
  /** What each class is called: row r of class c has class labels[c]. */
  readonly labels?: readonly number[];
  /** Noise on the inputs, where there is any. */
  readonly noise?: Noise;
  /** What its images suffer, where they do. */
  readonly corruption?: Corruption;
}

/** Some rows of a split: prod(shape) bytes or floats for each label. */
export interface Rows<X extends Uint8Array | Float32Array> {
  /** Inputs, prod(shape) a row. */
  readonly x: X;
  /** Class numbers, one a row. */
  readonly labels: Uint8Array;
  /** Their numbers in the split: what is drawn for a row is always the same. */
  readonly rows: ArrayLike<number>;
}

/**
 * Rows as a view shows them, in memory of their own. Images are [channels, height, width]; for inputs of another form all but
 * labels and noise are a RangeError. `key` names the client's draws and the split.
 */
export function seen<X extends Uint8Array | Float32Array>(
  { x, labels, rows }: Rows<X>,
  view: View,
  shape: readonly number[],
  key: Key,
): { x: X; labels: Uint8Array } {
  let inputs = x.slice() as X;
  const { turns = 0, corruption, noise } = view;
  if (!Number.isSafeInteger(turns)) throw new RangeError(`view: turns, got ${turns}, expected a whole number`);
  if (turns % 4 !== 0) inputs = turned(inputs, shape, turns);
  if (corruption) inputs = corrupted(inputs, shape, corruption);
  if (noise) inputs = noisy(inputs, rows, shape, noise, key);
  return { x: inputs, labels: renamed(labels, view) };
}

/** Labels as a view shows them. */
export function renamed(labels: Uint8Array, { labels: names }: View): Uint8Array {
  if (!names) return labels.slice();
  return labels.map((label) => {
    const name = names[label];
    if (!(name !== undefined && Number.isInteger(name) && name >= 0 && name < 256))
      throw new RangeError(`view: name of class ${label}, got ${name}, expected a class number`);
    return name;
  });
}
