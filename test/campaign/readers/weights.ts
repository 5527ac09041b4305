// Files of weights: safetensors, checkpoints behind their seals, what a run goes on from, archives, models of applications.
import fc from "fast-check";
import { ClientFiles } from "../../../src/experiment/clientFile.ts";
import { MemoryStore, preset, type Setup } from "../../../src/experiment/index.ts";
import { networks } from "../../../src/experiment/networks.ts";
import { loadFederation } from "../../../src/experiment/progress.ts";
import { States } from "../../../src/federated/states.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type Json } from "../../../src/io/checkpoint.ts";
import { Sha256 } from "../../../src/io/hash.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "../../../src/io/safetensors.ts";
import { encodeZip } from "../../../src/io/zip.ts";
import type { Personalized } from "../../../src/moe/index.ts";
import { Mixture } from "../../../src/moe/device.ts";
import { Generalist } from "../../../src/moe/generalist.ts";
import { damaged, type Edit, editJson, edits } from "../../support/mutations.ts";
import { corner } from "../../support/points.ts";
import { unzipStored } from "../../lab/support/unzip.ts";
import { partOf, type Reader } from "../fuzz.ts";
import type { Part } from "../kind.ts";
import { checkTensor } from "./arrays.ts";

const size = (bytes: Uint8Array): number => bytes.length;

const files: readonly Uint8Array[] = [
  encodeSafetensors([["w", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]),
  encodeSafetensors(
    [
      ["a.weight", { shape: [2], data: Float64Array.of(1, 2) }],
      ["a.bias", { shape: [], data: Int32Array.of(7) }],
      ["empty", { shape: [0, 4], data: new Uint8Array(0) }],
      ["n", { shape: [1], data: BigInt64Array.of(-1n) }],
    ],
    { format: "pt", round: "3" },
  ),
  encodeSafetensors([]),
];

/** A file whose header was taken apart, damaged as JSON and put back behind its right length. */
function reheaded(file: Uint8Array, list: readonly Edit[]): Uint8Array {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header: unknown = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const text = new TextEncoder().encode(JSON.stringify(editJson(header, list)) ?? "");
  const whole = new Uint8Array(8 + text.length + file.length - 8 - length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(text.length), true);
  whole.set(text, 8);
  whole.set(file.subarray(8 + length), 8 + text.length);
  return whole;
}

const safetensorsFiles = (documents: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    damaged(documents),
    fc.tuple(fc.nat(documents.length - 1), edits).map(([which, list]) => reheaded(documents[which]!, list)),
  );

const safetensors: Reader<Uint8Array> = {
  name: "safetensors",
  inputs: safetensorsFiles(files),
  size,
  read: (bytes) => decodeSafetensors(bytes),
  check: (value, bytes) => {
    const { tensors, metadata } = value as Safetensors;
    for (const tensor of tensors.values()) checkTensor(tensor, bytes.length);
    if (!Object.values(metadata).every((text) => typeof text === "string"))
      throw new Error("read, but metadata is no text");
  },
  runs: 4000,
};

const prefix = 8 + '{"__metadata__":{"sha256":"'.length;

/** The file with a seal that fits what it is now: damage that a checksum does not show. */
function resealed(bytes: Uint8Array): Uint8Array {
  if (bytes.length < prefix + 64) return bytes;
  const blank = bytes.slice().fill(0x30, prefix, prefix + 64);
  const sealed = blank.slice();
  sealed.set(new TextEncoder().encode(new Sha256().update(blank).hex()), prefix);
  return sealed;
}

const states: readonly Checkpoint[] = [
  {
    tensors: {
      generalist: Float32Array.of(0.5, -2, 3),
      "rng.counter": Uint32Array.of(1, 0),
      steps: BigInt64Array.of(-1n),
    },
    meta: { round: 12, best: { loss: 0.25 }, seen: [3, 1], note: 'a "quoted" ü\n', next: null },
  },
  { tensors: {}, meta: null },
];

const sealedFiles = (documents: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.oneof(
        damaged(documents),
        fc.tuple(fc.nat(documents.length - 1), edits).map(([i, list]) => reheaded(documents[i]!, list)),
      ),
      fc.nat(3),
    )
    .map(([bytes, seal]) => (seal === 0 ? bytes : resealed(bytes)));

const checkpoint: Reader<Uint8Array> = {
  name: "checkpoint",
  inputs: sealedFiles(states.map(encodeCheckpoint)),
  size,
  read: (bytes) => decodeCheckpoint(bytes),
  runs: 3000,
};

const origin = { data: "d".repeat(64), config: "c".repeat(64), kernels: "plain" } as const;
const vector = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i / 8);

const federationMeta = {
  round: 4,
  bestRound: 2,
  bestLoss: 0.5,
  waited: 1,
  bytes: { down: 8, up: 8 },
  marks: { 3: 2 },
  bestMarks: {},
  done: false,
  seconds: 3.5,
  ...origin,
};
/** A sealed state whose JSON and names are damaged: what a run goes on from. */
function progress(
  name: string,
  file: string,
  state: Checkpoint,
  read: (store: MemoryStore) => Promise<unknown>,
): Reader<Uint8Array> {
  const whole = encodeCheckpoint(state);
  const damagedMeta = edits.map((list) => {
    const now = editJson(state.meta, list) as Json | undefined;
    return encodeCheckpoint({ ...state, meta: now === undefined ? null : now });
  });
  return {
    name,
    inputs: fc.oneof(damagedMeta, sealedFiles([whole])),
    size,
    read: async (bytes) => {
      const store = new MemoryStore();
      store.files.set(file, bytes);
      return read(store);
    },
  };
}

const federation: Reader<Uint8Array> = {
  ...progress(
    "run state",
    "checkpoint.safetensors",
    { tensors: { "now.model": vector(6), "best.model": vector(6) }, meta: federationMeta },
    (store) => loadFederation(store, "fedavg", new States(), origin),
  ),
  check: (value) => {
    const { state, seconds } = value as NonNullable<Awaited<ReturnType<typeof loadFederation>>>;
    const { round, bestRound, waited, done, now, best, bestLoss } = state;
    const whole = [round, bestRound, waited].every(Number.isSafeInteger);
    if (!whole || typeof done !== "boolean" || typeof bestLoss !== "number" || typeof seconds !== "number")
      throw new Error("taken for a run's state, but its counters are none");
    if (![now, best.server].flatMap(Object.values).every((values) => values instanceof Float32Array))
      throw new Error("taken for a run's state, but its weights are none");
  },
};

const part = { x: Float32Array.of(1, 2, 3, 4), labels: Uint8Array.of(0, 1), rows: 2 };
const setup: Setup = {
  config: { ...preset("quick"), model: "mlp" },
  dataset: { kind: "features", name: "points", classes: ["a", "b"], shape: [2], train: part, test: part },
  clients: [],
};

/** The file that a client of that setup leaves. */
async function clientState(): Promise<Checkpoint> {
  const store = new MemoryStore();
  const { expert, gate } = networks(setup.config, setup.dataset);
  const sizeOf = (specs: readonly { shape: readonly number[] }[]): number =>
    specs.reduce((sum, { shape }) => sum + shape.reduce((n, axis) => n * axis, 1), 0);
  const scores = { localTest: 50, globalTest: 20, localNll: 1, globalNll: 2, localEce: 3, globalEce: 4 };
  const trust = { ownMean: 0.5, otherMean: NaN, spread: 0 };
  const validation = { epoch: 1, trainLoss: 1, validationLoss: 1, validationAccuracy: 50, best: true };
  await new ClientFiles(store, setup).save(vector(sizeOf(expert.specs)), {
    client: 1,
    kept: { specialist: vector(sizeOf(expert.specs)), gate: vector(sizeOf(gate.specs)) },
    epochs: { local: { epochs: 3, bestEpoch: 2, bestLoss: 0.5 } },
    validations: [{ method: "local", ...validation }],
    scores: { local: scores } as unknown as Personalized["scores"],
    trust: { own: [1], other: [2], perClass: [0.5], ...trust },
    gates: { mixture: trust },
    constantWeight: 0.5,
  });
  return decodeCheckpoint(store.files.get("clients/1.safetensors")!);
}

const client: Reader<Uint8Array> = {
  ...progress("client state", "clients/1.safetensors", await clientState(), (store) =>
    new ClientFiles(store, setup).load(1),
  ),
  check: (value) => {
    // a torn file is done again
    if (value === undefined) return;
    const { kept, client } = value as Personalized;
    const { specialist, gate } = kept;
    if (!(specialist instanceof Float32Array && gate instanceof Float32Array) || client !== 1)
      throw new Error("taken for client 1's state, but it is not");
  },
};

const zip: Reader<Map<string, Uint8Array>> = {
  name: "zip",
  inputs: fc
    .array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 12 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 })
    .map((entries) => new Map(entries)),
  size: (entries) => [...entries].reduce((sum, [name, bytes]) => sum + name.length + bytes.length, 64),
  read: (entries) => unzipStored(encodeZip(entries)),
  check: (value, entries) => {
    const found = value as Map<string, Uint8Array>;
    const alike = (a: Uint8Array, b: Uint8Array | undefined): boolean => b !== undefined && Buffer.compare(a, b) === 0;
    if (found.size !== entries.size || ![...entries].every(([name, bytes]) => alike(bytes, found.get(name))))
      throw new Error("an archive gives back other files than it was given");
  },
  runs: 2000,
};

function fileOf(specs: readonly { name: string; shape: readonly number[] }[]): Uint8Array {
  return encodeSafetensors(
    specs.map(({ name, shape }) => [name, { shape, data: vector(shape.reduce((n, axis) => n * axis, 1)) }] as const),
  );
}

const expertSpecs = [
  { name: "hidden.weight", shape: [8, 2] },
  { name: "hidden.bias", shape: [8] },
  { name: "out.weight", shape: [3, 8] },
  { name: "out.bias", shape: [3] },
];
const gateSpecs = [
  { name: "hidden.weight", shape: [4, 2] },
  { name: "hidden.bias", shape: [4] },
  { name: "out.weight", shape: [1, 4] },
  { name: "out.bias", shape: [1] },
];

const generalist: Reader<Uint8Array> = {
  name: "generalist",
  inputs: safetensorsFiles([fileOf(expertSpecs)]),
  size,
  read: async (bytes) => {
    const model = await Generalist.load(corner, bytes);
    const [answer] = model.predict([[0.25, -0.5]]);
    model.dispose();
    if (!answer!.probabilities.every(Number.isFinite)) throw new Error("loaded, but it answers with no numbers");
  },
  runs: 2000,
};

const mixture: Reader<Uint8Array> = {
  name: "mixture",
  inputs: safetensorsFiles([
    fileOf([
      ...expertSpecs.map(({ name, shape }) => ({ name: `generalist.${name}`, shape })),
      ...expertSpecs.map(({ name, shape }) => ({ name: `specialist.${name}`, shape })),
      ...gateSpecs.map(({ name, shape }) => ({ name: `gate.${name}`, shape })),
    ]),
  ]),
  size,
  read: async (bytes) => {
    const model = await Mixture.load(corner, bytes);
    const [answer] = model.predict([[0.25, -0.5]]);
    model.dispose();
    if (!answer!.probabilities.every(Number.isFinite)) throw new Error("loaded, but it answers with no numbers");
  },
  runs: 2000,
};

export const weightReaders: readonly Part[] = [
  partOf(safetensors),
  partOf(checkpoint),
  partOf(federation),
  partOf(client),
  partOf(zip),
  partOf(generalist),
  partOf(mixture),
];
