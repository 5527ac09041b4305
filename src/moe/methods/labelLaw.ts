// The generalist times the client's label law: nothing is trained for it, and fine-tuning has to beat it.
import { labelLaw, labelLawAnswers, logRatio } from "../labelLaw.ts";
import type { OwnExamples } from "../experts.ts";
import { personal, type Personal } from "../personal.ts";
import { lawDial } from "../tradeOff.ts";

/** ln of a client's law of labels, by all rows that it has, over one of equal classes [classes]. */
export function ownRatio({ train, validation, classes }: OwnExamples): Float64Array {
  const labels = [...Array.from(train.labels), ...Array.from(validation.labels)];
  return logRatio(labelLaw(labels, classes));
}

export const labelLawTimes: Personal = personal({
  name: "labelLaw",
  paper: "10.1162/089976602753284446",
  about: "the federation's model times the client's label law over one of equal classes; nothing is trained",
  // the law's exponent: 0 leaves the model as it is
  options: () => ({ of: "generalist", t: 1 }),
  ranges: { t: { min: 0, max: 1 } },
  *make(desk, { of, t }) {
    const ratio = ownRatio(desk.own);
    const from = yield* desk.of(of);
    return desk.combined([from], (logp) => labelLawAnswers(logp!, ratio, t), {
      dial: (examples) => lawDial(from.on(examples).toArray(), ratio),
    });
  },
});
