// Arrays and images: npy, idx, gzip, CIFAR's records, and folders of them as a dataset of one's own.
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { countCifar, loadCifar } from "../../../src/data/cifar.ts";
import { unpack, unpackedSize, unpackHead } from "../../../src/data/gzip.ts";
import { countIdx, formatIdx, loadIdx, parseIdx } from "../../../src/data/idx.ts";
import { loadOwn, memorySource } from "../../../src/data/index.ts";
import { dtypes, type TensorData } from "../../../src/io/dtype.ts";
import { decodeNpy, encodeNpy } from "../../../src/io/npy.ts";
import { damaged, editBytes, edits, hostileNumbers } from "../../support/mutations.ts";
import { partOf, type Reader } from "../fuzz.ts";
import type { Part } from "../kind.ts";

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`read as a valid value, but ${what}`);
}

/** A tensor says what it is: as many elements as its shape has. */
export function checkTensor({ shape, data }: TensorData, bytes: number): void {
  expect(
    shape.every((size) => Number.isSafeInteger(size) && size >= 0),
    `its shape is [${shape}]`,
  );
  expect(shape.reduce((n, size) => n * size, 1) === data.length, `[${shape}] has ${data.length} elements`);
  expect(data.byteLength <= bytes, `${data.byteLength} bytes of elements came out of ${bytes}`);
}

const arrays = dtypes.map(({ array }, i) => {
  const shape = [[], [3], [2, 3], [2, 0, 3], [1, 2, 1, 2]][i % 5]!;
  const size = shape.reduce((n, axis) => n * axis, 1);
  return encodeNpy({ shape, data: new array(new ArrayBuffer(8 * size), 0, size) });
});

// what numpy writes, with other spacing and order, and as versions 2 and 3
const dicts = [
  `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }`,
  `{"descr": "<f4", "fortran_order": True, "shape": (4,)}`,
  `{'shape': (2L, 2L), 'descr': [('x', '<f4'), ('y', '<i8')], 'fortran_order': False}`,
  `{'descr': '|O', 'fortran_order': False, 'shape': ()}`,
];

function npyOf(dict: string, version: number, data: number): Uint8Array {
  const text = new TextEncoder().encode(`${dict}\n`);
  const prefix = version === 1 ? 10 : 12;
  const file = new Uint8Array(prefix + text.length + data);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  file.set(text, prefix);
  return file;
}

/** Damage in the dict behind a header whose length is right, or anywhere. */
const npys: fc.Arbitrary<Uint8Array> = fc.oneof(
  damaged(arrays),
  fc
    .tuple(fc.nat(dicts.length - 1), edits, fc.integer({ min: 1, max: 3 }), fc.nat(40))
    .map(([which, list, version, data]) => {
      const dict = new TextDecoder().decode(editBytes(new TextEncoder().encode(dicts[which]), list));
      return npyOf(version === 1 ? dict.slice(0, 60_000) : dict, version, data);
    }),
);

const npy: Reader<Uint8Array> = {
  name: "npy",
  inputs: npys,
  size: (bytes) => bytes.length,
  read: (bytes) => decodeNpy(bytes),
  check: (value, bytes) => checkTensor(value as TensorData, bytes.length),
  runs: 4000,
};

const pixels = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 37) % 256);
const idxs = [
  formatIdx({ shape: [3, 2, 4], data: pixels(24) }),
  formatIdx({ shape: [3], data: Uint8Array.of(0, 2, 1) }),
  formatIdx({ shape: [0, 5, 5], data: pixels(0) }),
];

const idx: Reader<{ bytes: Uint8Array; dimensions: number }> = {
  name: "idx",
  inputs: fc.record({ bytes: damaged(idxs), dimensions: fc.constantFrom(1, 3) }),
  size: ({ bytes }) => bytes.length,
  read: ({ bytes, dimensions }) => parseIdx(bytes, "x", dimensions),
  check: (value, { bytes }) => checkTensor(value as TensorData, bytes.length),
  runs: 4000,
};

const zip = (bytes: Uint8Array | string, level = 1): Uint8Array => new Uint8Array(gzipSync(bytes, { level }));

/** Small when packed: what a header does not announce need not be unpacked. */
function bomb(head: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40_000_000);
  bytes.set(head);
  return zip(bytes, 9);
}

const bombs = [bomb(idxs[0]!), bomb(idxs[1]!)];

// one layer of damage inside the packing, one outside
const packed = (documents: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(damaged(documents), fc.nat(3), edits)
    .map(([bytes, how, list]) => (how === 0 ? bytes : editBytes(zip(bytes), how === 1 ? list : [])));

const idxFiles = fc.oneof(
  { arbitrary: packed(idxs), weight: 400 },
  { arbitrary: fc.constantFrom(...bombs), weight: 1 },
);

const idxPair: Reader<{ images: Uint8Array; labels: Uint8Array }> = {
  name: "idx pair",
  inputs: fc.record({ images: idxFiles, labels: idxFiles }),
  size: ({ images, labels }) => images.length + labels.length,
  read: async ({ images, labels }) => {
    const files = [
      { name: "images", bytes: images },
      { name: "labels", bytes: labels },
    ] as const;
    const rows = await countIdx(...files);
    const split = await loadIdx(...files, { classes: 3, height: 2, width: 4 });
    expect(split.rows === rows, `${rows} rows were counted and ${split.rows} loaded`);
    expect(split.x.length === rows * 8 && split.labels.length === rows, "rows, pixels and labels differ in number");
    expect(
      split.labels.every((label) => label < 3),
      "a label is no class",
    );
  },
};

const gzips = [zip(pixels(300)), zip(""), zip("name,class\n1,a\n"), new Uint8Array([...zip("two"), ...zip("members")])];

const gzip: Reader<{ bytes: Uint8Array; head: number }> = {
  name: "gzip",
  inputs: fc.record({ bytes: damaged(gzips), head: fc.nat(400) }),
  size: ({ bytes }) => bytes.length,
  read: ({ bytes, head }) => {
    const whole = unpack(bytes, "x");
    expect(unpackedSize(bytes, "x") === whole.length, "another size was counted than unpacked");
    const first = unpackHead(bytes, "x", head);
    expect(first.length <= head, `${first.length} bytes came where ${head} were asked for`);
    expect(
      first.every((byte, i) => byte === whole[i]),
      "its head is not the head of the whole",
    );
  },
  runs: 4000,
};

const record = (label: number): Uint8Array => Uint8Array.of(label, ...pixels(3072));
const cifars = [record(1), Uint8Array.of(...record(0), ...record(9)), Uint8Array.of(...record(200))];

const cifar: Reader<Uint8Array> = {
  name: "cifar",
  inputs: packed(cifars),
  size: (bytes) => bytes.length,
  read: async (bytes) => {
    const files = [{ name: "batch", bytes }];
    const { rows, x, labels } = await loadCifar(files, { classes: 10, labelBytes: 1 });
    expect(countCifar(files, 1) === rows, "another number of rows was counted than loaded");
    expect(x.length === 3072 * rows && labels.every((label) => label < 10), "rows do not fit");
  },
  runs: 1000,
};

const label = fc.oneof(fc.nat(3), fc.constantFrom(...hostileNumbers));
const labelArrays = [Float32Array, Float64Array, Int32Array, Uint8Array, Uint32Array] as const;

/** A folder of arrays whose labels are anything. */
const own: Reader<Record<string, Uint8Array>> = {
  name: "npy folder",
  inputs: fc
    .tuple(
      fc.array(label, { minLength: 1, maxLength: 6 }),
      fc.array(label, { maxLength: 4 }),
      fc.nat(4),
      fc.boolean(),
      edits,
    )
    .map(([train, test, kind, images, list]) => {
      const x = (rows: number): TensorData =>
        images
          ? { shape: [rows, 2, 3], data: pixels(6 * rows) }
          : { shape: [rows, 2], data: Float32Array.from({ length: 2 * rows }, (_, i) => i / 2) };
      const y = (labels: readonly number[]): TensorData => ({
        shape: [labels.length],
        data: labelArrays[kind]!.from(labels),
      });
      return {
        "x_train.npy": encodeNpy(x(train.length)),
        "y_train.npy": encodeNpy(y(train)),
        "x_test.npy": editBytes(encodeNpy(x(test.length)), list),
        "y_test.npy": encodeNpy(y(test)),
      };
    }),
  size: (files) => Object.values(files).reduce((sum, { length }) => sum + length, 0),
  read: (files) => loadOwn("own", memorySource(files), { kind: "npy" }),
  check: (value) => {
    const { classes, train, test } = value as Awaited<ReturnType<typeof loadOwn>>;
    for (const { labels, rows } of [train, test])
      expect(labels.length === rows && labels.every((at) => at < classes.length), "a label is no class");
  },
  runs: 2000,
};

const idxFolder: Reader<Record<string, Uint8Array>> = {
  name: "idx folder",
  inputs: fc.record({ "a.idx": idxFiles, "b.idx": packed(idxs), "c.idx": packed(idxs), "d.idx": packed(idxs) }),
  size: own.size,
  read: (files) =>
    loadOwn("own", memorySource(files), { kind: "idx", train: ["a.idx", "b.idx"], test: ["c.idx", "d.idx"] }),
  check: own.check!,
  runs: 2000,
};

export const arrayReaders: readonly Part[] = [
  partOf(npy),
  partOf(idx),
  partOf(idxPair),
  partOf(gzip),
  partOf(cifar),
  partOf(own),
  partOf(idxFolder),
];
