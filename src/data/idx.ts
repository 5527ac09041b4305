// The idx format of MNIST and its heirs: four bytes of magic, sizes as big-endian 32-bit numbers, then unsigned bytes.
// Strict: a file is exactly what its header says, or it is an error with the file's name.
import type { Split } from "./dataset.ts";
import { unpack, unpackedSize, unpackHead } from "./gzip.ts";
import { share } from "./share.ts";
import { classNumbers } from "./labels.ts";
import type { NamedFile } from "./source.ts";

/** An idx file of unsigned bytes: the sizes of its dimensions, and their product of bytes. */
export interface Idx {
  /** Sizes of its axes. */
  readonly shape: number[];
  /** Its bytes, row by row. */
  readonly data: Uint8Array;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}

function readShape(head: Uint8Array, name: string, dimensions: number): number[] {
  const start = 4 + 4 * dimensions;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const magic = head.length < 4 ? undefined : view.getUint32(0);
  const wanted = 0x800 + dimensions;
  if (magic !== undefined && magic !== wanted)
    throw new RangeError(
      `idx: ${name}, got magic number ${hex(magic)}, expected ${hex(wanted)} (unsigned bytes, ${dimensions} dimensions); ` +
        `is it the right file?`,
    );
  if (head.length < start)
    throw new RangeError(
      `idx: ${name}, got ${head.length} bytes, expected a header of ${start}; the file is truncated`,
    );
  return Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
}

/** How many bytes a file of these sizes has. */
function sizeOf(shape: readonly number[]): number {
  return 4 + 4 * shape.length + shape.reduce((product, n) => product * n, 1);
}

function checkSize(size: number, name: string, shape: readonly number[]): void {
  const head = 4 + 4 * shape.length;
  const [wanted, got] = [sizeOf(shape) - head, size - head];
  if (got !== wanted)
    throw new RangeError(
      `idx: ${name}, got ${got} bytes after the header, expected ${shape.join(" x ")} = ${wanted}; ` +
        `the file is ${got < wanted ? "truncated" : "too long"}, fetch it again`,
    );
}

/** Reads an unpacked idx file of unsigned bytes with that many dimensions; `data` is a view, not a copy. */
export function parseIdx(bytes: Uint8Array, name: string, dimensions: number): Idx {
  const shape = readShape(bytes, name, dimensions);
  checkSize(bytes.length, name, shape);
  const start = 4 + 4 * dimensions;
  // not subarray, which of a Node Buffer is a Buffer
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start) };
}

/** The same of a file that may be packed; no more of it is unpacked than its header says. */
export function readIdx({ bytes, name }: NamedFile, dimensions: number): Idx {
  const shape = readShape(unpackHead(bytes, name, 4 + 4 * dimensions), name, dimensions);
  return parseIdx(unpack(bytes, name, sizeOf(shape)), name, dimensions);
}

/** An unpacked idx file of these bytes. */
export function formatIdx({ shape, data }: Idx): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x800 + shape.length);
  shape.forEach((n, i) => view.setUint32(4 + 4 * i, n));
  bytes.set(data, 4 + 4 * shape.length);
  checkSize(bytes.length, "formatIdx", shape);
  return bytes;
}

/** Refuses a pair of files that cannot belong together, or has nothing in it. */
export function checkPair(
  images: NamedFile,
  labels: NamedFile,
  [nImages = 0, ...size]: readonly number[],
  nLabels: number,
): void {
  if (nImages !== nLabels)
    throw new RangeError(
      `idx: ${images.name} and ${labels.name}, got ${nImages} images and ${nLabels} labels, expected as many of each; ` +
        `the two files do not belong together`,
    );
  if (nImages === 0) throw new RangeError(`idx: ${images.name}, got 0 images, expected at least 1`);
  if (size.includes(0))
    throw new RangeError(`idx: ${images.name}, got images of ${size.join(" x ")}, expected at least one pixel each`);
}

/** How many rows two files promise, from their headers and sizes alone. */
export async function countIdx(images: NamedFile, labels: NamedFile): Promise<number> {
  const shapeOf = ({ bytes, name }: NamedFile, dimensions: number): number[] => {
    const shape = readShape(unpackHead(bytes, name, 4 + 4 * dimensions), name, dimensions);
    checkSize(unpackedSize(bytes, name, sizeOf(shape)), name, shape);
    return shape;
  };
  const [shape, marks] = [shapeOf(images, 3), shapeOf(labels, 1)];
  checkPair(images, labels, shape, marks[0]!);
  return shape[0]!;
}

/** Images (height x width bytes each) with their labels (0..classes-1). */
export async function loadIdx(
  images: NamedFile,
  labels: NamedFile,
  { classes, height, width }: { classes: number; height: number; width: number },
): Promise<Split> {
  const pixels = readIdx(images, 3);
  const [rows, h, w] = pixels.shape as [number, number, number];
  if (h !== height || w !== width)
    throw new RangeError(`idx: ${images.name}, got images of ${h} x ${w}, expected ${height} x ${width}`);
  const marks = readIdx(labels, 1);
  checkPair(images, labels, pixels.shape, marks.shape[0]!);
  return { x: share(pixels.data), labels: classNumbers(marks.data, `labels: ${labels.name}`, classes), rows };
}
