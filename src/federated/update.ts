// What the server holds of a client's reply: plain numbers, however they came.

/** A client's flat vector after its local training, with the weight it asks for. */
export interface Update {
  readonly client: number;
  readonly values: Float32Array;
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Scalars a client measured. */
export interface Evaluation {
  readonly client: number;
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
}
