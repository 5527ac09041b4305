// What a run is made of, as hashes: its data, its config and its kernels. What a folder holds is gone on with only by the run
// that these name.
import { type Build, kernelBuild } from "../autograd/index.ts";
import type { Dataset } from "../data/index.ts";
import { Sha256 } from "../io/index.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./schema.ts";
import type { Setup } from "./setup.ts";

/** What a run must find again to be gone on with: hashes of its data and its config, and how sums are rounded. */
export interface Origin {
  readonly data: string;
  readonly config: string;
  readonly kernels: Build;
}

/** The origin of a setup's run. */
export function originOf({ config, dataset }: Pick<Setup, "config" | "dataset">): Origin {
  return { data: dataHash(dataset), config: configHash(config), kernels: kernelBuild() };
}

/** One name for an origin: what a client's file says it is of. */
export function runName({ data, config, kernels }: Origin): string {
  return new Sha256().update(new TextEncoder().encode(`${data} ${config} ${kernels}`)).hex();
}

// in the order of the schema, whatever order the fields came in
function configHash(config: Config): string {
  return new Sha256().update(new TextEncoder().encode(JSON.stringify(parseConfig(config)))).hex();
}

/** A name for a dataset's rows: labels, features and what they are read as. */
export function dataHash(dataset: Dataset): string {
  const { train, test } = dataset;
  const form =
    dataset.kind === "text" ? new TextEncoder().encode(dataset.vocabulary.join(" ")) : Uint8Array.from(dataset.shape);
  const hash = new Sha256().update(train.labels).update(test.labels).update(form);
  const inputs =
    dataset.kind === "text"
      ? [dataset.train.words, dataset.train.offsets, dataset.test.words, dataset.test.offsets]
      : [dataset.train.x, dataset.test.x];
  for (const input of inputs) hash.update(checksum(input));
  if (dataset.kind === "features" && dataset.targets) {
    const { kind, train: training, test: testing } = dataset.targets;
    hash.update(new TextEncoder().encode(`${kind} ${dataset.classes.join(" ")}`));
    for (const targets of [training, testing]) hash.update(checksum(targets));
  }
  const { owners } = dataset;
  if (owners) {
    hash.update(new TextEncoder().encode(owners.names.join("\n")));
    for (const owned of [owners.train, owners.test]) hash.update(checksum(owned));
  }
  const groups = dataset.kind === "features" ? dataset.groups : undefined;
  if (groups) {
    hash.update(new TextEncoder().encode(`groups ${groups.positive} ${groups.names.join("\n")}`));
    for (const rows of [groups.train, groups.test]) hash.update(checksum(rows));
  }
  return hash.hex();
}

// Small data are looked at whole; of large ones a sixteenth, spread over all rows, for a hash of all would cost several per cent of
// loading (0.4 s of CIFAR-10). That is enough for what it is to find: other files, other rows or another order of them, another
// way to read them, all of which change a sixteenth of anything. A single changed pixel of a large dataset may pass.
const WHOLE = 1 << 20;
const BLOCK = 16;
const PRIME = 0x9e3779b1 | 0;

// four lanes of multiply and shift, many times as fast as SHA-256: it finds changes, nobody is to be deceived
function checksum({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array | Int32Array): Uint8Array {
  const count = byteLength >>> 2;
  const words =
    byteOffset % 4 === 0
      ? new Int32Array(buffer, byteOffset, count)
      : new Int32Array(buffer.slice(byteOffset, byteOffset + 4 * count));
  const whole = count <= WHOLE;
  let [a, b, c, d] = [1, 2, 3, 4];
  for (let from = 0; from + BLOCK <= count; from += whole ? BLOCK : 16 * BLOCK)
    for (let i = from; i < from + BLOCK; i += 4) {
      a = mixed(a ^ words[i]!);
      b = mixed(b ^ words[i + 1]!);
      c = mixed(c ^ words[i + 2]!);
      d = mixed(d ^ words[i + 3]!);
    }
  // what no block holds, as it is
  const end = whole ? 4 * (count - (count % BLOCK)) : byteLength - 4 * BLOCK;
  const told = Uint8Array.from(new Uint8Array(buffer, byteOffset + end, byteLength - end));
  const lanes = new Uint8Array(Int32Array.of(a, b, c, d, byteLength).buffer);
  return Uint8Array.of(...lanes, ...told);
}

// a product carries upward only; the shift brings it down again, or two changes of sign would cancel
function mixed(value: number): number {
  const product = Math.imul(value, PRIME);
  return product ^ (product >>> 15);
}
