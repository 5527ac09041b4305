// Seeded numbers that come out the same in every language: an integer hash (Murmur3's finaliser) of seed and position.

function hash(seed: number, i: number): number {
  let h = (i + Math.imul(seed, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** `size` floats, uniform in [-scale, scale). */
export function floats(seed: number, size: number, scale = 1): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = (hash(seed, i) / 2147483648 - 1) * scale;
  return values;
}

/** `size` labels in [0, classes). */
export function labels(seed: number, size: number, classes: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => hash(seed, i) % classes);
}

const CHECKED = 256;

/** At most 256 of a result's elements, spread evenly: enough to tell a wrong result from a right one. */
export function spread(values: ArrayLike<number>): number[] {
  const count = Math.min(CHECKED, values.length);
  return Array.from({ length: count }, (_, i) => values[Math.floor((i * values.length) / count)]!);
}
