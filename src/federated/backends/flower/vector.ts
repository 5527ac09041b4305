// Named tensors from elsewhere as our flat vector. Here a model that is not ours is found out, before anybody trains on it.
import { checkFinite } from "../../../nn/finite.ts";
import type { TensorData } from "../../../io/dtype.ts";
import type { TensorSpec } from "../../shared.ts";

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
