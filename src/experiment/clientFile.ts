// What a client keeps, as a file of its own: generalist, specialist and gate by name, so that an application loads it as a
// mixture, and what was measured, so that a run goes on without training it again. It names its run and its client.
import { sizeOf } from "../autograd/shape.ts";
import { decodeCheckpoint, encodeCheckpoint, type Json } from "../io/checkpoint.ts";
import type { TensorData } from "../io/dtype.ts";
import type { Personalized } from "../moe/compare.ts";
import { behaviour, ConfigError } from "./config.ts";
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
  readonly #specs: Readonly<Record<Part, readonly { readonly name: string; readonly shape: readonly number[] }[]>>;

  constructor(store: RunStore, setup: Setup) {
    const { expert, gate } = networks(setup.config, setup.dataset);
    const { space, expertOutput } = behaviour(setup.config);
    this.#store = store;
    this.#run = runName(originOf(setup));
    this.#mixing = { space, expertOutput };
    this.#specs = { generalist: expert.specs, specialist: expert.specs, gate: gate.specs };
  }

  /** Writes what a client keeps beside the generalist that it was trained with. */
  async save(generalist: Float32Array, { specialist, gate, ...measured }: Personalized): Promise<void> {
    const { client } = measured;
    const values = { generalist, specialist, gate };
    const tensors = parts.flatMap((part) => {
      let at = 0;
      return this.#specs[part].map(({ name, shape }): [string, TensorData] => [
        `${part}.${name}`,
        { shape, data: values[part].slice(at, (at += sizeOf(shape))) },
      ]);
    });
    const labels = { run: this.#run, client: String(client), ...this.#mixing };
    const meta = JSON.parse(JSON.stringify(measured)) as Json;
    await this.#store.write(
      clientFile(client),
      encodeCheckpoint({ tensors: Object.fromEntries(tensors), meta, labels }),
    );
  }

  /**
   * Reads a client's file; undefined when the client is still to do, and when its file is torn: then it is done again, to the
   * same end, after `torn` has heard why. A ConfigError for the file of another run or client.
   */
  async load(client: number, torn: (reason: string) => void = () => {}): Promise<Personalized | undefined> {
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
    const values = (part: Part): Float32Array => {
      const own = this.#specs[part];
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
    return {
      ...parseMeasured(meta, `resume: ${name}`),
      client,
      specialist: values("specialist"),
      gate: values("gate"),
    };
  }
}
