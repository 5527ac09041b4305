// The network of Flower's niid_bench for 28 x 28 images: 44,426 parameters, on pixels from 0 to 1.
import { affine, logSoftmax } from "moiety";
import { Apply, Conv2d, Linear, MaxPool2d, Sequential } from "moiety/nn";

const trunk = () => ({
  // moiety's images are from -1 to 1
  pixels: new Apply((x) => affine(x, 0.5, 0.5)),
  conv1: new Conv2d(1, 6, 5),
  pool1: new MaxPool2d(2, { relu: true }),
  conv2: new Conv2d(6, 16, 5),
  pool2: new MaxPool2d(2, { relu: true }),
  fc1: new Linear(256, 120, { relu: true }),
  fc2: new Linear(120, 84, { relu: true }),
});

export const expert = ({ classes }) =>
  new Sequential({ ...trunk(), fc3: new Linear(84, classes.length), answer: new Apply(logSoftmax) });

export const gate = ({ outputs = 1 }) => new Sequential({ ...trunk(), fc3: new Linear(84, outputs) });
