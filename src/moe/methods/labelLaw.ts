// The generalist times the client's label law: nothing is trained for it, and fine-tuning has to beat it.
import { labelLaw, labelLawAnswers, logRatio } from "../labelLaw.ts";
import { personal, type Personal } from "../personal.ts";

export const labelLawTimes: Personal = personal({
  name: "labelLaw",
  paper: "10.1162/089976602753284446",
  about: "the federation's model times the client's label law over one of equal classes; nothing is trained",
  // the law's exponent: 0 leaves the model as it is
  options: () => ({ of: "generalist", t: 1 }),
  ranges: { t: { min: 0, max: 1 } },
  *make(desk, { of, t }) {
    const { train, validation, classes } = desk.own;
    const labels = [...Array.from(train.labels), ...Array.from(validation.labels)];
    const ratio = logRatio(labelLaw(labels, classes));
    return desk.combined([yield* desk.of(of)], (logp) => labelLawAnswers(logp!, ratio, t));
  },
});
