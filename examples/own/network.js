// Networks of one's own, for a config that names this module. An expert ends in log-probabilities, a gate in one logit a row.
import { logSoftmax } from "moiety";
import { Apply, Linear, Sequential } from "moiety/nn";

export const expert = ({ shape: [columns], classes }) =>
  new Sequential({
    hidden: new Linear(columns, 16, { relu: true }),
    out: new Linear(16, classes.length),
    answer: new Apply(logSoftmax),
  });

export const gate = ({ shape: [columns] }) =>
  new Sequential({ hidden: new Linear(columns, 8, { relu: true }), out: new Linear(8, 1) });
