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

/** A metric by name; a TypeError that says what there is instead: clients of one's own may have other names. */
export function metricOf(call: "train" | "evaluate", of: Pick<Evaluation, "client" | "metrics">, name: string): number {
  const value: unknown = of.metrics[name];
  if (typeof value !== "number")
    throw new TypeError(
      `federate: ${call}'s metrics of client ${of.client}, got ${Object.keys(of.metrics).join(", ") || "none"}, expected ${name}, a number`,
    );
  return value;
}
