// Networks for numbers: an expert ends in as many as there are targets, a gate in one logit, as for classes.
import { Linear, Sequential } from "moiety/nn";

const layers = (inputs, outputs) =>
  new Sequential({ fc1: new Linear(inputs, 48, { relu: true }), fc2: new Linear(48, outputs) });

export const expert = ({ shape: [inputs], classes: targets }) => layers(inputs, targets.length);
export const gate = ({ shape: [inputs], outputs = 1 }) => layers(inputs, outputs);
