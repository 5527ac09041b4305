// Everything that left a client, written down from the message itself: which vectors, how long, and a hash of each that a
// client can compare with what it meant to send.
import { isRejection, type Rejection } from "./admission.ts";
import { Around } from "./hosts/around.ts";
import type { Host, Order } from "./hosts/host.ts";
import type { Evaluation, Update, Vector } from "./method.ts";

/** One message of a client. */
export interface Sent {
  /** The round, which counts from 0. */
  readonly round: number;
  /** The client, by its number. */
  readonly client: number;
  /** What the client was asked for. */
  readonly kind: "train" | "evaluate";
  /** How many of its rows it said it is over. */
  readonly examples?: number;
  /** Names of its scalars. */
  readonly scalars?: readonly string[];
  /** What left, vector by vector. */
  readonly vectors?: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  /** Why it could not answer, where it did not. */
  readonly error?: string;
}

function refusal({ client, reason }: Rejection, round: number, kind: Sent["kind"]): Sent {
  return { round, client, kind, error: reason };
}

/** Where the log goes. */
export interface AuditOptions {
  /** SHA-256 of bytes, in hexadecimal. */
  readonly hash: (bytes: Uint8Array) => string;
  /** Takes a line of the log before the message leaves. */
  readonly write: (sent: readonly Sent[]) => Promise<void>;
}

/** A host whose messages are written down before anybody else has them. */
export class Audited extends Around {
  readonly #options: AuditOptions;

  constructor(host: Host, options: AuditOptions) {
    super(host);
    this.#options = options;
  }

  /** Rounds of the host within, whose answers are written down before they are handed on. Errors: those of the host and of `write`. */
  override async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    const answers = await super.train(orders, round);
    const { hash, write } = this.#options;
    await write(
      answers.map((answer) => {
        if (isRejection(answer)) return refusal(answer, round, "train");
        const { client, examples, metrics, up, sent } = answer;
        const vectors = Object.entries<Vector | Uint32Array>(sent ?? up).map(([name, values]) => ({
          name,
          size: values.length,
          sha256: hash(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
        }));
        // behind masks there is nothing else
        if (sent) return { round, client, kind: "train", vectors };
        return { round, client, kind: "train", examples, scalars: Object.keys(metrics), vectors };
      }),
    );
    return answers;
  }

  /** Evaluations of the host within, written down likewise: sizes and names of scalars. */
  override async evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]> {
    const answers = await super.evaluate(orders, round);
    await this.#options.write(
      answers.map((answer) => {
        if (isRejection(answer)) return refusal(answer, round, "evaluate");
        const { client, examples, metrics } = answer;
        return { round, client, kind: "evaluate", examples, scalars: Object.keys(metrics), vectors: [] };
      }),
    );
    return answers;
  }
}
