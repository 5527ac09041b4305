// What a client keeps, as a file of its own: generalist, specialist and gate by name, so that an application loads it as a
// mixture, and what was measured, so that a run goes on without training it again. It names its run and its client.
import { sizeOf } from "../autograd/shape.ts";
import { decodeCheckpoint, encodeCheckpoint, type Json } from "../io/checkpoint.ts";
import type { TensorData } from "../io/dtype.ts";
import type { Vector, Vectors } from "../federated/method.ts";
import { ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";
import type { Measured } from "./measured.ts";
import { networks } from "./networks.ts";
import { parseMeasured } from "./recordSchema.ts";
import { originOf, runName } from "./origin.ts";
import type { Setup } from "./setup.ts";
import type { RunStore } from "./store.ts";

/** Where a client's file lies in a run folder. */
export const clientFile = (client: number): string => `clients/${client}.safetensors`;

const parts = ["generalist", "specialist", "gate"] as const;
type Part = (typeof parts)[number];

/** Reads and writes the files of one run's clients. */
export class ClientFiles {
  readonly #store: RunStore;
  readonly #run: string;
  readonly #mixing: Readonly<Record<string, string>>;
  // of the paper's methods a mixture's three networks; of others what they keep, as it is
  readonly #specs: Readonly<
    Record<Part, readonly { readonly name: string; readonly shape: readonly number[] }[]>
  > | null;

  constructor(store: RunStore, setup: Setup) {
    const { expert, gate } = networks(setup.config, setup.dataset);
    const { space, expertOutput } = behaviour(setup.config);
    const isMixture = setup.config.methods === undefined;
    this.#store = store;
    this.#run = runName(originOf(setup));
    this.#mixing = isMixture ? { space, expertOutput } : {};
    this.#specs = isMixture ? { generalist: expert.specs, specialist: expert.specs, gate: gate.specs } : null;
  }

  /** Writes what a client keeps, beside the generalist that it was trained with. */
  async save(generalist: Vector | undefined, { kept, ...measured }: Measured): Promise<void> {
    const { client } = measured;
    const tensors = Object.entries(kept).map(([name, data]): [string, TensorData] => [
      name,
      { shape: [data.length], data },
    ]);
    const specs = this.#specs;
    const networks = specs && { generalist: generalist!, specialist: kept["specialist"]!, gate: kept["gate"]! };
    const named = specs
      ? parts.flatMap((part) => {
          let at = 0;
          return specs[part].map(({ name, shape }): [string, TensorData] => [
            `${part}.${name}`,
            { shape, data: networks![part].slice(at, (at += sizeOf(shape))) },
          ]);
        })
      : tensors;
    const labels = { run: this.#run, client: String(client), ...this.#mixing };
    const meta = JSON.parse(JSON.stringify(measured)) as Json;
    await this.#store.write(clientFile(client), encodeCheckpoint({ tensors: Object.fromEntries(named), meta, labels }));
  }

  /**
   * Reads a client's file; undefined when the client is still to do, and when its file is torn: then it is done again, to the
   * same end, after `torn` has heard why. A ConfigError for the file of another run or client.
   */
  async load(client: number, torn: (reason: string) => void = () => {}): Promise<Measured | undefined> {
    const name = clientFile(client);
    const bytes = await this.#store.read(name);
    if (!bytes) return undefined;
    let found: ReturnType<typeof decodeCheckpoint>;
    try {
      found = decodeCheckpoint(bytes);
    } catch (error) {
      torn(`${name} cannot be read (${(error as Error).message}); client ${client} is done again`);
      return undefined;
    }
    const { labels, tensors, meta } = found;
    if (labels?.["run"] !== this.#run || labels["client"] !== String(client))
      throw new ConfigError(
        `resume: ${name}, got ${labels?.["run"] === this.#run ? `client ${labels["client"]} of this run` : "a file of another run"}, ` +
          `expected client ${client} of this one; remove it, and the client is done again`,
      );
    const specs = this.#specs;
    const measured = { ...parseMeasured(meta, `resume: ${name}`), client };
    if (!specs) return { ...measured, kept: vectorsIn(tensors, name) };
    const values = (part: Part): Float32Array => {
      const own = specs[part];
      const flat = new Float32Array(own.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
      let at = 0;
      for (const { name: tensor, shape } of own) {
        const data = tensors[`${part}.${tensor}`];
        if (!(data instanceof Float32Array && data.length === sizeOf(shape)))
          throw new ConfigError(
            `resume: ${name}, ${part}.${tensor}, got ${data?.length ?? "nothing"}, expected ${sizeOf(shape)} floats; ` +
              `the network has changed since the run began`,
          );
        flat.set(data, at);
        at += data.length;
      }
      return flat;
    };
    return { ...measured, kept: { specialist: values("specialist"), gate: values("gate") } };
  }
}

function vectorsIn(tensors: Readonly<Record<string, unknown>>, file: string): Vectors {
  for (const [name, data] of Object.entries(tensors))
    if (!(data instanceof Float32Array || data instanceof Float64Array))
      throw new ConfigError(
        `resume: ${file}, ${name}, got something else than floats; remove it, and the client is done again`,
      );
  return tensors as Vectors;
}
