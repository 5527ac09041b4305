// What a model answers, in a form that training can go on from.
import type { Tensor } from "../autograd/tensor.ts";
import type { Net } from "../nn/net.ts";
import type { Answer, Vector } from "./turn.ts";

/** A model's answers: those of its net, or of nets that hold its parts, each on what the one before puts out. */
export function answering(...parts: readonly Net[]): Answer {
  return Object.assign((x: Tensor): Tensor => parts.reduce((z, part) => part.predict(z), x), {
    weights: (): Vector => joined(parts.map(({ parameters }) => parameters.toArray())),
  });
}

/** Vectors behind each other, one at least, in the first one's precision. */
export function joined(vectors: readonly Vector[]): Vector {
  const [first] = vectors as [Vector];
  if (vectors.length === 1) return first;
  const Kind = first.constructor as new (length: number) => Vector;
  const all = new Kind(vectors.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return all;
}
