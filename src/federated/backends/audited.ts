// Everything that left a client, written down as it left: which tensors, in which round, with a hash that a client can
// compare with what it meant to send.
import type { TensorSpec } from "../shared.ts";
import type { Evaluation, Update } from "../update.ts";
import type { Backend } from "./backend.ts";

/** One message of a client: its tensors' names and shapes and a hash of their bytes, or the scalars of an evaluation. */
export interface Sent {
  readonly round: number;
  readonly client: number;
  readonly kind: "train" | "evaluate";
  readonly examples: number;
  readonly scalars: readonly string[];
  readonly tensors: readonly TensorSpec[];
  readonly sha256?: string;
}

export class Audited implements Backend {
  readonly #backend: Backend;
  readonly #specs: readonly TensorSpec[];
  readonly #hash: (bytes: Uint8Array) => string;
  readonly #write: (sent: readonly Sent[]) => Promise<void>;

  constructor(
    backend: Backend,
    {
      specs,
      hash,
      write,
    }: {
      specs: readonly TensorSpec[];
      hash: (bytes: Uint8Array) => string;
      write: (sent: readonly Sent[]) => Promise<void>;
    },
  ) {
    this.#backend = backend;
    this.#specs = specs.map(({ name, shape }) => ({ name, shape }));
    this.#hash = hash;
    this.#write = write;
  }

  async train(clients: readonly number[], generalist: Float32Array, round: number): Promise<Update[]> {
    const updates = await this.#backend.train(clients, generalist, round);
    await this.#write(
      updates.map(({ client, examples, metrics, values }) => ({
        round,
        client,
        kind: "train",
        examples,
        scalars: Object.keys(metrics),
        tensors: this.#specs,
        sha256: this.#hash(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
      })),
    );
    return updates;
  }

  async evaluate(clients: readonly number[], generalist: Float32Array, round: number): Promise<Evaluation[]> {
    const evaluations = await this.#backend.evaluate(clients, generalist, round);
    await this.#write(
      evaluations.map(({ client, examples, metrics }) => ({
        round,
        client,
        kind: "evaluate",
        examples,
        scalars: Object.keys(metrics),
        tensors: [],
      })),
    );
    return evaluations;
  }
}
