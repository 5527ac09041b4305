// Named tensors from elsewhere as our flat vector. Here a model that is not ours is found out, before anybody trains on it.
import { checkFinite } from "../../../nn/finite.ts";
import type { TensorData } from "../../../io/dtype.ts";
import type { Vector, Vectors } from "../../method.ts";
import { missingOf } from "../../outgoing.ts";
import type { TensorSpec } from "../../../nn/parameters.ts";
import type { Participant } from "./participant.ts";

/**
 * Tensors as one flat vector in the order of `specs`; a RangeError that names the difference if they are another model's, and
 * one for values that are not finite.
 */
export function vectorOf(tensors: ReadonlyMap<string, TensorData>, specs: readonly TensorSpec[]): Float32Array {
  const theirs = [...tensors].map(([name, { shape }]) => `${name}[${shape}]`);
  const ours = specs.map(({ name, shape }) => `${name}[${shape}]`);
  const foreign = theirs.filter((tensor) => !ours.includes(tensor));
  const missing = ours.filter((tensor) => !theirs.includes(tensor));
  if (foreign.length > 0 || missing.length > 0)
    throw new RangeError(`generalist: another model, got ${list(foreign)}, expected ${list(missing)}`);
  const parts = specs.map(({ name }) => tensors.get(name)!.data);
  const vector = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const [i, part] of parts.entries()) {
    // an average of float32 arrays may come back as float64; integers are no weights
    if (!(part instanceof Float32Array || part instanceof Float64Array))
      throw new RangeError(`generalist: element type, got ${part.constructor.name}, expected float32 or float64`);
    // what a server sends is what every difference is taken from: one value that is no number would undo a clip
    checkFinite("generalist", specs[i]!.name, part);
    vector.set(part, at);
    at += part.length;
  }
  return vector;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing else" : names.slice(0, 3).join(" ") + (names.length > 3 ? " ..." : "");
}

/** A method's vectors as its server sent them; a RangeError for what is no finite vector, or is missing. */
export function vectorsOf(
  tensors: ReadonlyMap<string, TensorData>,
  { name: method, sends, receives = sends }: Participant["method"],
): Vectors {
  const found: Record<string, Vector> = {};
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array || data instanceof Float64Array))
      throw new RangeError(`${method}: ${name}, got ${data.constructor.name}, expected float32 or float64`);
    checkFinite(method, name, data);
    found[name] = data;
  }
  const missing = missingOf(receives, found);
  if (missing !== undefined)
    throw new RangeError(
      `${method}: got ${list(Object.keys(found))}, expected ${receives.join(", ")}; the server runs another method`,
    );
  return found;
}

/** Refuses a server that averages a model of tensors, where the client's method is more than that: a RangeError. */
export function plainModel({ method: { name, sends, receives = sends, keeps = [] } }: Participant): void {
  if (sends.join() !== "model" || receives.join() !== "model" || keeps.length > 0)
    throw new RangeError(
      `${name}: the server averages models and knows no method, got no \`method\` in its instruction, expected ${name}; start it with --method ${name}`,
    );
}

/** Values in tensors together. */
export function sizeOfAll(tensors: readonly TensorSpec[]): number {
  return tensors.reduce((total, { shape }) => total + shape.reduce((product, size) => product * size, 1), 0);
}
