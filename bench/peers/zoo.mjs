// The model zoo as plain numbers for peers in JavaScript: layer sizes and the seeded weights of bench/models.ts.
import { floats, labels } from "../data.ts";

const lenet = (channels, size, maps, flat, hidden1, hidden2) => ({
  input: [channels, size, size],
  convs: [
    [channels, 6],
    [6, maps],
  ],
  fcs: [
    [flat, hidden1],
    [hidden1, hidden2],
    [hidden2, 10],
  ],
});

export const zoo = {
  lenetCifar: lenet(3, 32, 16, 400, 120, 84),
  lenetFashion: lenet(1, 28, 12, 192, 84, 42),
  mlp: {
    input: [784],
    convs: [],
    fcs: [
      [784, 200],
      [200, 10],
    ],
  },
};

/** Weights in PyTorch's order and layout: convolutions [oc, ic, 5, 5] and [oc], layers [out, in] and [out]. */
export function weights({ convs, fcs }, seed = 1) {
  const found = [];
  const layer = (shape, fanIn) => {
    const scale = 1 / Math.sqrt(fanIn);
    for (const s of [shape, [shape[0]]])
      found.push({
        shape: s,
        data: floats(
          seed + found.length,
          s.reduce((n, size) => n * size, 1),
          scale,
        ),
      });
  };
  for (const [ic, oc] of convs) layer([oc, ic, 5, 5], ic * 25);
  for (const [inputs, outputs] of fcs) layer([outputs, inputs], inputs);
  return found;
}

/** The batch of bench/models.ts. */
export function batch({ input }, size) {
  const shape = [size, ...input];
  return {
    shape,
    x: floats(
      1001,
      shape.reduce((n, s) => n * s, 1),
    ),
    labels: labels(1002, size, 10),
  };
}
