// What tests of update rules in plain numbers have in common.
import { type Method, methods } from "../../src/federated/index.ts";
import type { Vectors } from "../../src/federated/method.ts";

/** A method by its name. */
export const of = (name: string): Method => methods.get(name)!;

/** Vectors of these names behind each other. */
export const list = (vectors: Vectors, ...names: string[]): number[] =>
  names.flatMap((name) => Array.from(vectors[name]!));

/** The sum of numbers, in their order. */
export const sum = (values: Iterable<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
