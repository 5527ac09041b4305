// A crowd of simulated clients as files: rows of eight numbers in npy files, two a client, and the config that trains them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { complete, type Config, parseConfig } from "../src/experiment/index.ts";
import { encodeNpy } from "../src/io/npy.ts";
import { fold, key, Stream } from "../src/runtime/random.ts";

const COLUMNS = 8;
const CLASSES = 4;
const ROWS = 2;
const COHORT = 1000;

export interface CrowdOptions {
  readonly clients: number;
  readonly rounds: number;
  /** Rounds between checkpoints. */
  readonly checkpointEvery: number;
  /** A federated method; FedAvg, and nothing that clients keep, unless said. */
  readonly method?: string | undefined;
}

/** The config of a crowd whose files lie beside it. A ConfigError names what is wrong. */
export function crowdConfig({ clients, rounds, checkpointEvery, method }: CrowdOptions): Config {
  return parseConfig(
    complete({
      dataset: "crowd",
      files: { kind: "npy", folder: "." },
      model: new URL("../examples/own/network.js", import.meta.url).href,
      clients,
      partition: { kind: "iid" },
      rows: { train: ROWS, validation: 0, test: 0 },
      federation: {
        rounds,
        cohort: Math.min(COHORT, clients),
        localEpochs: 1,
        batchSize: ROWS,
        validateEvery: 0,
      },
      personal: { clients: 0 },
      checkpointEvery,
      ...(method !== undefined && { methods: { [method]: {} } }),
    }),
  );
}

/** Writes a crowd's rows and its config into a folder; the path of the config. The class of a row is which of its first numbers is largest. */
export function writeCrowd(folder: string, config: Config): string {
  mkdirSync(folder, { recursive: true });
  const write = (part: string, count: number): void => {
    const stream = new Stream(fold(key(1), part));
    const x = Float32Array.from({ length: count * COLUMNS }, () => stream.uniform());
    const y = Uint8Array.from({ length: count }, (_, row) => {
      const own = x.subarray(row * COLUMNS, row * COLUMNS + CLASSES);
      return own.indexOf(Math.max(...own));
    });
    writeFileSync(join(folder, `x_${part}.npy`), encodeNpy({ shape: [count, COLUMNS], data: x }));
    writeFileSync(join(folder, `y_${part}.npy`), encodeNpy({ shape: [count], data: y }));
  };
  write("train", ROWS * config.clients);
  write("test", 64);
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}
