// Networks for a config that names this module.
import { logSoftmax } from "../../src/autograd/index.ts";
import type { Form } from "../../src/experiment/index.ts";
import { Apply, Linear, type Module, Sequential } from "../../src/nn/index.ts";

export const expert = ({ classes }: Form): Module =>
  new Sequential({
    hidden: new Linear(2, 16, { relu: true }),
    out: new Linear(16, classes.length),
    answer: new Apply(logSoftmax),
  });

export const gate: Module = new Sequential({ out: new Linear(2, 1) });
