// The gate through which a client's answer leaves it, whoever carries it: what is sent is held against what its method
// declares, name by name. What does not fit is not sent.
import { shown } from "../runtime/options.ts";
import { DivergenceError } from "../nn/divergence.ts";
import { checkFinite } from "../nn/finite.ts";
import type { Method, Metrics, Reply, Update } from "./method.ts";
import { vouch } from "./spares.ts";

// enough for measurements, too few for a model
const MOST_METRICS = 16;
/** The largest weight a client may ask for, in examples. */
export const MOST_EXAMPLES = 10_000_000;
const FLOAT_MAX = 3.4028234663852886e38;

function examplesIn(client: number, examples: number): number {
  if (!(Number.isSafeInteger(examples) && examples >= 0 && examples <= MOST_EXAMPLES))
    throw new RangeError(
      `client ${client}: examples, got ${examples}, expected a whole number from 0 to ${MOST_EXAMPLES}; not sent`,
    );
  return examples;
}

/** What a method's client sends, if it is what the method declared: vectors by name, finite, and a few finite scalars. */
export function outgoing(
  { name, sends }: Pick<Method, "name" | "sends">,
  client: number,
  { up, examples, metrics }: Omit<Reply, "metrics"> & { readonly metrics: Metrics },
  rows: number,
): Omit<Update, "client"> {
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
