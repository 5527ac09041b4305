// Rows for federations to be raced: of the datasets where they are found, else made, of the same shape and easy to learn.
import { sources } from "../src/cli/sources.ts";
import { findDataset, loadDataset } from "../src/data/index.ts";
import { floats, labels } from "./data.ts";

/** Rows behind each other, and their classes. */
export interface Rows {
  readonly x: Uint8Array | Float32Array;
  readonly y: Uint8Array;
  /** Where they are from. */
  readonly from: string;
}

const CLASSES = 10;

/** Images of a dataset, as bytes; made ones where it is not there. */
export async function images(name: "cifar10" | "fashion-mnist", width: number, rows: number): Promise<Rows> {
  try {
    const { source } = await findDataset(name, await sources(undefined));
    const { train } = await loadDataset(name, source);
    if (train.rows >= rows)
      return { x: train.x.slice(0, rows * width), y: Uint8Array.from(train.labels.slice(0, rows)), from: name };
  } catch (error) {
    // no place has it whole
    if (!(error instanceof RangeError)) throw error;
  }
  const { x, y } = made(width, rows);
  return { x: Uint8Array.from(x, (value) => 128 + 60 * value), y, from: `made up in the shape of ${name}` };
}

/** Floats around one point for each class. */
export function made(width: number, rows: number): Rows {
  const y = Uint8Array.from(labels(2, rows, CLASSES));
  const centres = floats(3, CLASSES * width);
  const x = floats(4, rows * width);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < width; i++) x[row * width + i]! += centres[y[row]! * width + i]!;
  return { x, y, from: "made up" };
}
