// The binary version of CIFAR-10 and CIFAR-100: records of one or two label bytes and 3 x 32 x 32 pixel bytes, red, green,
// blue, rows from the top. The files have no header, so their length is all there is to check.
import type { Split } from "./dataset.ts";
import { unpack, unpackedSize } from "./gzip.ts";
import { shared } from "./share.ts";
import { classNumbers } from "./labels.ts";
import type { NamedFile } from "./source.ts";

const PIXELS = 3072;

function countRecords(size: number, name: string, record: number): number {
  if (size === 0 || size % record !== 0)
    throw new RangeError(
      `cifar: ${name}, got ${size} bytes, expected a multiple of ${record} (${record - PIXELS} label and ${PIXELS} pixel ` +
        `bytes a record); the file is truncated or not the binary version`,
    );
  return size / record;
}

/** How many rows the files hold, from their sizes alone; a packed one is unpacked for that. */
export function countCifar(files: readonly NamedFile[], labelBytes: number): number {
  return files.reduce(
    (rows, { bytes, name }) => rows + countRecords(unpackedSize(bytes, name), name, labelBytes + PIXELS),
    0,
  );
}

/** The records of several files, one after another. Of `labelBytes` label bytes the last (CIFAR-100: the fine one) counts. */
export async function loadCifar(
  files: readonly NamedFile[],
  { classes, labelBytes }: { classes: number; labelBytes: number },
): Promise<Split> {
  const record = labelBytes + PIXELS;
  const batches: Uint8Array[] = [];
  for (const { bytes, name } of files) {
    const batch = unpack(bytes, name);
    countRecords(batch.length, name, record);
    batches.push(batch);
  }
  const rows = batches.reduce((n, batch) => n + batch.length / record, 0);
  const x = shared(rows * PIXELS);
  const labels = shared(rows);
  let row = 0;
  for (const [i, batch] of batches.entries()) {
    const first = row;
    for (let at = 0; at < batch.length; at += record, row++) {
      labels[row] = batch[at + labelBytes - 1]!;
      x.set(batch.subarray(at + labelBytes, at + record), row * PIXELS);
    }
    classNumbers(labels.subarray(first, row), `labels: ${files[i]!.name}`, classes);
  }
  return { x, labels, rows };
}
