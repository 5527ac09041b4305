// What is trained during a soak: as little as there can be, by a method whose clients keep something from turn to turn.
import { mkdirSync, writeFileSync } from "node:fs";
import { encodeNpy } from "../../src/io/npy.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";

/** Seconds between heartbeats; a killed node comes back after twice that at the latest. */
export const HEARTBEAT_SECONDS = 20;
/** Seconds between polls, so that hundreds of nodes leave the SuperLink its peace. */
export const POLL_SECONDS: readonly [number, number] = [3, 8];

const COLUMNS = 8;
const CLASSES = 4;
const ROWS = 4;

/** Writes data and config into a folder; the place of the config. */
export function writeExperiment(folder: string, { clients, seed }: { clients: number; seed: number }): string {
  const data = `${folder}/data`;
  mkdirSync(data, { recursive: true });
  for (const split of ["train", "test"]) {
    const rows = split === "train" ? clients * ROWS : 100;
    const stream = new Stream(fold(key(seed), "soak", split));
    const x = Float32Array.from({ length: rows * COLUMNS }, () => 2 * stream.uniform() - 1);
    const y = Uint8Array.from(
      { length: rows },
      (_, i) => 2 * Number(x[i * COLUMNS]! > 0) + Number(x[i * COLUMNS + 1]! > 0),
    );
    writeFileSync(`${data}/x_${split}.npy`, encodeNpy({ shape: [rows, COLUMNS], data: x }));
    writeFileSync(`${data}/y_${split}.npy`, encodeNpy({ shape: [rows], data: y }));
  }
  const config = {
    preset: "quick",
    dataset: "soak",
    files: { kind: "npy", folder: data, classes: Array.from({ length: CLASSES }, (_, c) => `${c}`) },
    model: "mlp",
    seed,
    clients,
    partition: { kind: "iid" },
    rows: { train: ROWS, validation: 0, test: 0 },
    federation: {
      rounds: 1_000_000,
      cohort: Math.min(10, clients),
      localEpochs: 1,
      batchSize: ROWS,
      lr: 0.05,
      validateEvery: 0,
    },
    personal: { clients: 0 },
    methods: { ditto: {} },
  };
  writeFileSync(`${folder}/config.json`, `${JSON.stringify(config, null, 2)}\n`);
  return `${folder}/config.json`;
}
