// IFCA's network for rotated digits: 784-200-10, on pixels from 0 to 1.
import { affine, logSoftmax } from "moiety";
import { Apply, Linear, Sequential } from "moiety/nn";

const pixels = () => new Apply((x) => affine(x, 0.5, 0.5));

export const expert = ({ classes }) =>
  new Sequential({
    pixels: pixels(),
    fc1: new Linear(784, 200, { relu: true }),
    fc2: new Linear(200, classes.length),
    answer: new Apply(logSoftmax),
  });

export const gate = ({ outputs = 1 }) =>
  new Sequential({ pixels: pixels(), fc1: new Linear(784, 200, { relu: true }), fc2: new Linear(200, outputs) });
