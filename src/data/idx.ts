// The idx format of MNIST and its heirs: four bytes of magic, sizes as big-endian 32-bit numbers, then unsigned bytes.
// Strict: a file is exactly what its header says, or it is an error with the file's name.
import { checkLabels, type Split } from "./dataset.ts";
import { unpack, unpackedSize, unpackHead } from "./gzip.ts";
import { share } from "./share.ts";
import type { NamedFile } from "./source.ts";

/** An idx file of unsigned bytes: the sizes of its dimensions, and their product of bytes. */
export interface Idx {
  readonly shape: number[];
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

function checkSize(size: number, name: string, shape: readonly number[]): void {
  const wanted = shape.reduce((product, n) => product * n, 1);
  const got = size - 4 - 4 * shape.length;
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

function checkPair(images: NamedFile, labels: NamedFile, nImages: number, nLabels: number): void {
  if (nImages !== nLabels)
    throw new RangeError(
      `idx: ${images.name} and ${labels.name}, got ${nImages} images and ${nLabels} labels, expected as many of each; ` +
        `the two files do not belong together`,
    );
  if (nImages === 0) throw new RangeError(`idx: ${images.name}, got 0 images, expected at least 1`);
}

/** How many rows two files promise, from their headers and sizes alone. */
export async function countIdx(images: NamedFile, labels: NamedFile): Promise<number> {
  const rows: number[] = [];
  for (const [file, dimensions] of [[images, 3] as const, [labels, 1] as const]) {
    const shape = readShape(await unpackHead(file.bytes, file.name, 4 + 4 * dimensions), file.name, dimensions);
    checkSize(unpackedSize(file.bytes), file.name, shape);
    rows.push(shape[0]!);
  }
  checkPair(images, labels, rows[0]!, rows[1]!);
  return rows[0]!;
}

/** Images (height x width bytes each) with their labels (0..classes-1). */
export async function loadIdx(
  images: NamedFile,
  labels: NamedFile,
  { classes, height, width }: { classes: number; height: number; width: number },
): Promise<Split> {
  const pixels = parseIdx(await unpack(images.bytes, images.name), images.name, 3);
  const [rows, h, w] = pixels.shape as [number, number, number];
  if (h !== height || w !== width)
    throw new RangeError(`idx: ${images.name}, got images of ${h} x ${w}, expected ${height} x ${width}`);
  const marks = parseIdx(await unpack(labels.bytes, labels.name), labels.name, 1);
  checkPair(images, labels, rows, marks.shape[0]!);
  checkLabels(marks.data, classes, labels.name);
  return { x: share(pixels.data), labels: share(marks.data), rows };
}
