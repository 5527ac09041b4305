// Cuts the part of Fashion-MNIST that the repository carries: the first 1,000 training and 200 test images of each class, in
// file order. Usage: node --import tsx scripts/bundle-data.ts FOLDER, the folder with the four original files.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { catalogue, loadFashionMnist } from "../src/data/catalogue.ts";
import type { Split } from "../src/data/dataset.ts";
import { formatIdx, type Idx } from "../src/data/idx.ts";
import type { DataSource } from "../src/data/source.ts";

const target = fileURLToPath(new URL("../data/fashion-mnist/", import.meta.url));

function folder(where: string): DataSource {
  const read = async (name: string): Promise<Uint8Array | undefined> =>
    existsSync(`${where}/${name}`) ? readFileSync(`${where}/${name}`) : undefined;
  return { where, read };
}

/** The rows that are among the first `each` of their class. */
function firstOfEach(labels: Uint8Array, each: number): number[] {
  const seen = new Map<number, number>();
  const rows: number[] = [];
  for (const [row, label] of labels.entries()) {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    if (before < each) rows.push(row);
  }
  return rows;
}

function cut({ x, labels, rows }: Split, each: number, height: number, width: number): [images: Idx, labels: Idx] {
  const kept = firstOfEach(labels, each);
  const size = x.length / rows;
  const pixels = new Uint8Array(kept.length * size);
  kept.forEach((row, i) => pixels.set(x.subarray(row * size, (row + 1) * size), i * size));
  const marks = Uint8Array.from(kept, (row) => labels[row]!);
  return [
    { shape: [kept.length, height, width], data: pixels },
    { shape: [kept.length], data: marks },
  ];
}

function pack(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 9 });
  // the header names no time, no file and, unlike zlib's default, no operating system
  packed.fill(0, 4, 8);
  packed[9] = 255;
  return packed;
}

const from = process.argv[2];
if (!from) throw new TypeError("bundle-data: got no folder, expected the one with the four Fashion-MNIST files");
const { files, shape } = catalogue["fashion-mnist"];
const whole = await loadFashionMnist(folder(from));
mkdirSync(target, { recursive: true });
let total = 0;
for (const [names, split, each] of [
  [files.train, whole.train, 1000],
  [files.test, whole.test, 200],
] as const)
  cut(split, each, shape[1], shape[2]).forEach((idx, i) => {
    const bytes = formatIdx(idx);
    const packed = pack(bytes);
    writeFileSync(`${target}${names[i]}.gz`, packed);
    total += packed.length;
    console.log(`${createHash("sha256").update(bytes).digest("hex")}  ${names[i]} (${packed.length} bytes packed)`);
  });
console.log(`${total} bytes in ${target}`);
