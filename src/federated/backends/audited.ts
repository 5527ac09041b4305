// Everything that left a client, written down as it left: which tensors, in which round, with a hash that a client can
// compare with what it meant to send.
import { isRejection } from "../admission.ts";
import type { TensorSpec } from "../shared.ts";
import type { Backend } from "./backend.ts";

/**
 * One message of a client: its tensors' names and shapes and a hash of their bytes, or the scalars of an evaluation, or why
 * it could not answer.
 */
export interface Sent {
  readonly round: number;
  readonly client: number;
  readonly kind: "train" | "evaluate";
  readonly examples?: number;
  readonly scalars?: readonly string[];
  /** What the message held: one nameless tensor where it is not the model's size. */
  readonly tensors?: readonly TensorSpec[];
  readonly sha256?: string;
  readonly error?: string;
}

export class Audited implements Backend {
  readonly #backend: Backend;
  readonly #specs: readonly TensorSpec[];
  readonly #size: number;
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
    this.#size = specs.reduce((total, { shape }) => total + shape.reduce((product, size) => product * size, 1), 0);
    this.#hash = hash;
    this.#write = write;
  }

  async train(clients: readonly number[], generalist: Float32Array, round: number): ReturnType<Backend["train"]> {
    const updates = await this.#backend.train(clients, generalist, round);
    await this.#write(
      updates.map((update) => {
        if (isRejection(update)) return { round, client: update.client, kind: "train", error: update.reason };
        const { client, examples, metrics, values } = update;
        const tensors = values.length === this.#size ? this.#specs : [{ name: "", shape: [values.length] }];
        const sha256 = this.#hash(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        return { round, client, kind: "train", examples, scalars: Object.keys(metrics), tensors, sha256 };
      }),
    );
    return updates;
  }

  async evaluate(clients: readonly number[], generalist: Float32Array, round: number): ReturnType<Backend["evaluate"]> {
    const evaluations = await this.#backend.evaluate(clients, generalist, round);
    await this.#write(
      evaluations.map((evaluation) => {
        if (isRejection(evaluation))
          return { round, client: evaluation.client, kind: "evaluate", error: evaluation.reason };
        const { client, examples, metrics } = evaluation;
        return { round, client, kind: "evaluate", examples, scalars: Object.keys(metrics), tensors: [] };
      }),
    );
    return evaluations;
  }
}
