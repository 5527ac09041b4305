// What every op gives on its samples, value and gradient, and what training a table gives: to be held against the same at other
// addresses.
import fc from "fast-check";
import { backward, embedding, grad, pack, scope, sentenceRows, square, sum, tensor } from "../../src/autograd/index.ts";
import { Adam, Parameters, SGD } from "../../src/nn/index.ts";
import { samples } from "./samples.ts";
import { whole } from "./samples/sample.ts";

/**
 * The elements of all results, by op.
 * @param place runs at the beginning of the scope of case `i`
 */
export function everyOp(cases: number, place: (i: number) => void): Record<string, number[]> {
  const found: Record<string, number[]> = { table: [...table(place)] };
  for (const [name, { cases: arbitrary, order = 2 }] of Object.entries(samples))
    found[name] = fc.sample(arbitrary, { numRuns: cases, seed: 1 }).flatMap((at, i) =>
      scope(() => {
        place(i);
        const x = at.points.map(({ shape, values }) => tensor(values, shape));
        if (order > 0) for (const t of x) t.requiresGrad = true;
        const y = at.f(...x);
        const results = [y, ...(y.requiresGrad ? grad(sum(square(y)), x) : [])];
        return results.flatMap((t) => Array.from(t.toArray()));
      }),
    );
  return found;
}

// a table of words, reached by a batch of sentences, and both optimisers
function table(place: (i: number) => void): number[] {
  const makers = [
    (p: Parameters) => new Adam(p, { lr: 0.1 }),
    (p: Parameters) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
  ];
  return makers.flatMap((make) => {
    const parameters = new Parameters([{ name: "w", shape: [9, 4], table: true }], "private");
    parameters.values.set(Float32Array.from({ length: 36 }, (_, i) => i - 18));
    const optimizer = make(parameters);
    const seen: number[] = [];
    for (let i = 0; i < 8; i++)
      scope(() => {
        place(i);
        const x = sentenceRows(whole([5, 6, 7, 1, 1], [5]), whole([0, 1, 3, 5], [4]), whole([1, 2, 0], [3]));
        const { words, order, active } = pack(x);
        backward(sum(square(embedding(parameters.tensors[0]!, words))));
        optimizer.step();
        for (const t of [x, words, order, active]) seen.push(...t.toArray());
      });
    seen.push(...parameters.toArray());
    parameters.dispose();
    return seen;
  });
}
