// The gate through which a client's answer leaves it, whoever carries it: what is sent is held against what the client
// declared beforehand, name by name and size by size. What does not fit is not sent.
import { shown } from "../runtime/options.ts";
import { DivergenceError } from "../nn/divergence.ts";
import { checkFinite } from "../nn/finite.ts";
import type { EvaluateReply, FederatedClient, TrainReply } from "./client.ts";
import type { Method, Metrics, Reply, Update as MethodUpdate } from "./method.ts";
import { SharedVector, type TensorSpec } from "./shared.ts";
import { vouch } from "./spares.ts";
import type { Evaluation, Update } from "./update.ts";

/** What a client may send: its shared tensors, and the names of its scalars. */
export interface Declaration {
  readonly client: number;
  readonly specs: readonly TensorSpec[];
  /** Values in the shared vector. */
  readonly size: number;
  readonly metrics: { readonly train: readonly string[]; readonly evaluate: readonly string[] };
}

/** What a client that says nothing of scalars sends. */
const METRICS = { train: ["trainLoss"], evaluate: ["loss", "accuracy"] } as const;
// enough for measurements, too few for a model
const MOST_METRICS = 16;
/** The largest weight a client may ask for, in examples. */
export const MOST_EXAMPLES = 10_000_000;
const FLOAT_MAX = 3.4028234663852886e38;

/** What a client declares, as it stands now: later changes to the client change nothing. */
export function declarationOf({ id, specs, metrics = METRICS }: FederatedClient): Declaration {
  const names = (task: "train" | "evaluate"): string[] => {
    const declared = [...metrics[task]];
    const wrong = declared.find((name) => !/^[\w.-]{1,64}$/.test(name));
    if (wrong !== undefined || declared.length > MOST_METRICS || new Set(declared).size < declared.length)
      throw new RangeError(
        `client ${id}: ${task} metrics, got ${wrong ?? `${declared.length} names`}, expected at most ${MOST_METRICS} different names of at most 64 letters`,
      );
    return declared;
  };
  return {
    client: id,
    specs: specs.map(({ name, shape }) => ({ name, shape: [...shape] })),
    size: specs.reduce((total, { shape }) => total + shape.reduce((product, size) => product * size, 1), 0),
    metrics: { train: names("train"), evaluate: names("evaluate") },
  };
}

/** A reply to `train`, if it is what was declared; a TypeError or RangeError that names the difference if not. */
export function outgoingUpdate(declared: Declaration, { shared, examples, metrics }: TrainReply): Update {
  return {
    client: declared.client,
    values: outgoingVector(declared, shared),
    examples: examplesOf(declared, examples),
    metrics: scalars(declared, "train", metrics),
  };
}

/** A reply to `evaluate`, if it is what was declared. */
export function outgoingScores(declared: Declaration, { examples, metrics }: EvaluateReply): Evaluation {
  return {
    client: declared.client,
    examples: examplesOf(declared, examples),
    metrics: scalars(declared, "evaluate", metrics),
  };
}

/** The values of a shared vector, if it is one, of the declared tensors, and finite. */
export function outgoingVector({ client, specs, size }: Declaration, shared: SharedVector): Float32Array {
  if (!SharedVector.made(shared)) throw new TypeError(`client ${client}: sent something else than a SharedVector`);
  const text = ({ name, shape }: TensorSpec): string => `${name}[${shape}]`;
  const [sent, meant] = [shared.specs.map(text), specs.map(text)];
  const odd = sent.findIndex((tensor, i) => tensor !== meant[i]);
  if (odd >= 0 || sent.length !== meant.length)
    throw new RangeError(
      `client ${client}: shared tensors, got ${sent[odd] ?? `${sent.length} of them`}, declared ${meant[odd] ?? meant.length}; not sent`,
    );
  const { values } = shared;
  if (values.length !== size)
    throw new RangeError(`client ${client}: shared vector of ${values.length} values, declared ${size}; not sent`);
  try {
    checkFinite(`client ${client}`, "shared vector", values);
  } catch (error) {
    throw new DivergenceError((error as Error).message);
  }
  return values;
}

const examplesOf = ({ client }: Declaration, examples: number): number => examplesIn(client, examples);

function examplesIn(client: number, examples: number): number {
  if (!(Number.isSafeInteger(examples) && examples >= 0 && examples <= MOST_EXAMPLES))
    throw new RangeError(
      `client ${client}: examples, got ${examples}, expected a whole number from 0 to ${MOST_EXAMPLES}; not sent`,
    );
  return examples;
}

function scalars(
  { client, metrics: declared }: Declaration,
  task: "train" | "evaluate",
  metrics: Readonly<Record<string, number>>,
): Record<string, number> {
  const [names, sent] = [declared[task], Object.keys(metrics ?? {})];
  const odd = sent.find((name) => !names.includes(name)) ?? names.find((name) => !sent.includes(name));
  if (odd !== undefined)
    throw new RangeError(
      `client ${client}: ${task} metrics, got ${sent.slice(0, 3).join(", ") || "none"}${sent.length > 3 ? `, ... (${sent.length})` : ""}, ` +
        `declared ${names.join(", ") || "none"}; declare them in the client's \`metrics\``,
    );
  return Object.fromEntries(
    names.map((name) => {
      const value = metrics[name];
      if (!(typeof value === "number" && Math.abs(value) <= FLOAT_MAX))
        throw new DivergenceError(
          `client ${client}: ${name}, got ${shown(value).slice(0, 40)}, expected a finite number`,
        );
      return [name, value];
    }),
  );
}

/** What a method's client sends, if it is what the method declared: vectors by name, finite, and a few finite scalars. */
export function outgoing(
  { name, sends }: Pick<Method, "name" | "sends">,
  client: number,
  { up, examples, metrics }: Reply,
  rows: number,
): Omit<MethodUpdate, "client"> {
  const odd = Object.keys(up).find((one) => !sends.some((declared) => covers(declared, one)));
  if (odd !== undefined)
    throw new TypeError(
      `${name}: client ${client} was to send ${odd}, which is not declared; declared is ${sends.join(", ") || "nothing"}`,
    );
  const missing = missingOf(sends, up);
  if (missing !== undefined)
    throw new TypeError(`${name}: client ${client} did not send ${missing}, which is declared`);
  for (const [one, values] of Object.entries(up)) {
    if (!(values instanceof Float32Array || values instanceof Float64Array))
      throw new TypeError(`${name}: client ${client} was to send ${one} as something else than a flat vector`);
    try {
      checkFinite(`client ${client}`, one, values);
      vouch(values);
    } catch (error) {
      throw new DivergenceError((error as Error).message);
    }
  }
  return { up, ...outgoingScalars(name, client, { metrics, examples: examples ?? rows }) };
}

/** The scalars that a method's client sends: a few finite numbers and their weight. */
export function outgoingScalars(
  name: string,
  client: number,
  { examples, metrics }: { readonly examples: number; readonly metrics: Metrics },
): { examples: number; metrics: Metrics } {
  const scalars = Object.entries(metrics);
  if (scalars.length > MOST_METRICS)
    throw new RangeError(`${name}: client ${client} has ${scalars.length} scalars, expected at most ${MOST_METRICS}`);
  for (const [one, value] of scalars) {
    if (!/^[\w.-]{1,64}$/.test(one))
      throw new RangeError(`${name}: client ${client} was to send ${one}, expected a name of at most 64 letters`);
    if (!(typeof value === "number" && Math.abs(value) <= FLOAT_MAX))
      throw new DivergenceError(`client ${client}: ${one}, got ${shown(value).slice(0, 40)}, expected a finite number`);
  }
  return { metrics, examples: examplesIn(client, examples) };
}

/** A declared vector that must be there and is not. */
export function missingOf(sends: readonly string[], up: object): string | undefined {
  return sends.find((declared) => !/[*?]$/.test(declared) && !Object.hasOwn(up, declared));
}

/** Whether a declared name, of one vector or of a family, is that of this vector. */
export function covers(declared: string, name: string): boolean {
  if (declared.endsWith("*")) return name.startsWith(declared.slice(0, -1));
  return name === declared || `${name}?` === declared;
}
