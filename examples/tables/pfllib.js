// PFLlib's network for 28 x 28 images (FedAvgCNN): 582,026 parameters.
import { logSoftmax } from "moiety";
import { Apply, Conv2d, Linear, MaxPool2d, Sequential } from "moiety/nn";

const trunk = () => ({
  conv1: new Conv2d(1, 32, 5),
  pool1: new MaxPool2d(2, { relu: true }),
  conv2: new Conv2d(32, 64, 5),
  pool2: new MaxPool2d(2, { relu: true }),
  fc1: new Linear(1024, 512, { relu: true }),
});

export const expert = ({ classes }) =>
  new Sequential({ ...trunk(), fc: new Linear(512, classes.length), answer: new Apply(logSoftmax) });

export const gate = ({ outputs = 1 }) => new Sequential({ ...trunk(), fc: new Linear(512, outputs) });
