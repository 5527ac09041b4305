// Memory of models on their way. A model that is sent lives until the server has added it; made anew for every client, such
// vectors keep a collector busier than the training does. So their memory goes round: from a client to the server, and
// from there to the next client. Whoever holds on to one of them all the same finds it empty, not changed.
import type { Parameters, Vector } from "../nn/parameters.ts";
import type { Vectors } from "./turn.ts";

// what lies idle, at most; beyond it the collector may have them. The parts of a round that are on their way to workers, and the one that
// is taken in, have place in it: where there was less, one in ten of the models that two workers sent was made anew
const MOST_BYTES = 48 * 2 ** 20;

const spares = new Map<number, ArrayBuffer[]>();
const departed = new WeakSet<Vector>();
// of those, the ones that have been found finite in this thread
const sound = new WeakSet<Vector>();
let idle = 0;

/**
 * A copy of a model that is sent and nothing else: once the server has taken it in, its memory is another client's. What a
 * method also keeps, or needs after its turn, is `toArray()`.
 */
export function departing(parameters: Parameters): Vector {
  const bytes = 4 * parameters.size;
  const spare = spares.get(bytes)?.pop();
  if (spare) idle -= bytes;
  const vector = parameters.toArray(spare);
  // a reference engine's are twice as long
  if (vector.byteLength === bytes) departed.add(vector);
  return vector;
}

/** Takes back the memory of those of an update's vectors that were departing, which are empty from then on. */
export function takeBack(vectors: Vectors): void {
  for (const vector of Object.values(vectors)) if (departed.delete(vector)) keep(emptied(vector.buffer as ArrayBuffer));
}

/** Says that a vector's values are finite; remembered of departing ones, which nobody writes any more. */
export function vouch(vector: Vector): void {
  if (departed.has(vector)) sound.add(vector);
}

/** Whether this thread has found a vector finite on its way here. */
export function isVouched(vector: Vector): boolean {
  return sound.has(vector);
}

/** Names of those of these vectors that are departing. */
export function departures(vectors: Vectors): string[] {
  return Object.keys(vectors).filter((name) => departed.has(vectors[name]!));
}

/** Says of vectors that were departing in another thread, and whose memory has come along, that they are so here. */
export function arrived(vectors: readonly Vector[]): void {
  for (const vector of vectors) departed.add(vector);
}

/** Spare memory that another thread has more use for, at most so many pieces of any size. */
export function giveSpares(most: number): ArrayBuffer[] {
  const given: ArrayBuffer[] = [];
  for (const own of spares.values())
    while (own.length > 0 && given.length < most) {
      const spare = own.pop()!;
      idle -= spare.byteLength;
      given.push(spare);
    }
  return given;
}

/** Takes memory that is nobody's. */
export function keep(spare: ArrayBuffer): void {
  if (idle + spare.byteLength > MOST_BYTES) return;
  idle += spare.byteLength;
  const own = spares.get(spare.byteLength);
  if (own) own.push(spare);
  else spares.set(spare.byteLength, [spare]);
}

// the memory under another object: whoever has the old one has nothing
function emptied(buffer: ArrayBuffer): ArrayBuffer {
  return structuredClone(buffer, { transfer: [buffer] });
}
