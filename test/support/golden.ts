import { readFileSync } from "node:fs";

/** A checked-in file of numbers from an independent implementation. */
export function golden<T>(file: URL): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

/** scale * sin(step * i + 1), as the scripts that wrote the files make it. */
export function wave(n: number, scale: number, step: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => scale * Math.sin(step * i + 1));
}
