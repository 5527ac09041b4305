// One client's turn: what it is given, what it says is sent and kept, and who answers for it then.
import type { Tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import type { Vector } from "../nn/parameters.ts";
import type { Key } from "../runtime/random.ts";

export type { Vector };

/** Named flat vectors: what travels and what is kept, alike on the wire, in a checkpoint and between threads. */
export type Vectors = Readonly<Record<string, Vector>>;

/** Scalars by name. Those of a training have the mean loss of its last epoch. */
export type Metrics = Readonly<Record<string, number>>;

// a declared name: plain, one of a family ("model.*"), or one that may be missing ("wants?")
type Plain<N extends string> = N extends `${string}*` | `${string}?` ? never : N;
type Family<N extends string> = N extends `${infer Stem}*` ? `${Stem}${string}` : never;
type Perhaps<N extends string> = N extends `${infer Name}?` ? Name : never;

export type Names<N extends string> = Plain<N> | Family<N> | Perhaps<N>;

/** Vectors of declared names: plain names are there, those with `?` may be, a family is what begins with its stem. */
export type Named<N extends string> = string extends N
  ? Vectors
  : Readonly<Record<Plain<N>, Vector> & Partial<Record<Perhaps<N>, Vector>> & Record<Family<N>, Vector>>;

/** What a client kept: any of the declared names. */
export type Keeping<N extends string> = string extends N ? Vectors : Partial<Named<N>>;

/** A client's own rows. */
export interface Own {
  readonly train: Examples;
  readonly validation: Examples;
}

/** One client's turn. */
export interface Turn<Down extends string = string, Kept extends string = string> {
  /** The client, by its number. */
  readonly client: number;
  /** The round, which counts from 0. */
  readonly round: number;
  /** What the server sent. */
  readonly down: Named<Down>;
  /** What this client kept of its last turn, nothing before the first. Only its host ever has it. */
  readonly kept: Keeping<Kept>;
  /** The client's own rows. */
  readonly own: Own;
  /** The address of this turn's random numbers. */
  readonly key: Key;
  /** How much of its work this client gets done in time, at most and usually 1: kit.epochs and kit.batches heed it. */
  readonly effort: number;
}

/** What leaves the client, and what stays. */
export interface Reply<Up extends string = string, Kept extends string = string> {
  /** What leaves the client, by name. */
  readonly up: Named<Up>;
  /** All that stays for the client's next turn; as it was, unless said. */
  readonly kept?: Keeping<Kept> | undefined;
  /** The reply's weight; the client's training rows unless said. */
  readonly examples?: number;
  /** Numbers beside it; `trainLoss` is the mean loss of its last epoch. */
  readonly metrics: Metrics & { readonly trainLoss: number };
}

/** From inputs to log-probabilities, in evaluation mode and without history. */
export interface Answer {
  (x: Tensor): Tensor;
  /** Of an answer that is the model's alone, its parameters as the model has them: see `answering`. */
  readonly weights?: () => Vector;
  /** Of an answer that several models make together, those. */
  readonly parts?: readonly Answer[];
  /** Of an answer whose rows choose among experts, what each counted on the mean since this was last asked, 1 in all. */
  readonly load?: () => readonly number[];
}

/** Who answers for a client: its own model, and others that the method has beside it, as "shared". */
export type Answers = { readonly own: Answer } & Readonly<Record<string, Answer>>;
