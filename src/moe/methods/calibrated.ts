// A federation's model as it is to be weighed: with the temperature and class biases that clients fitted together, and beside it
// what the client's labels make of it.
import { calibratedAnswers, uncalibrated } from "../calibration.ts";
import { constantAnswers } from "../evaluate.ts";
import { labelLawAnswers, ownRatio } from "../labelLaw.ts";
import { personal, type Personal } from "../personal.ts";

export const calibrated: Personal = personal({
  name: "calibrated",
  paper: "arXiv 1901.06852",
  about: "the federation's model, with the temperature and class biases that its clients fitted, if they did",
  needsClasses: true,
  options: () => ({ of: "generalist" }),
  *make(desk, { of }) {
    const { calibration = uncalibrated(desk.own.classes) } = desk.options;
    return desk.combined([yield* desk.of(of)], (logp) => calibratedAnswers(logp!, calibration));
  },
});

export const blend: Personal = personal({
  name: "blend",
  paper: "",
  about: "the mean of a trained model's probabilities and of the generalist's times the client's label law",
  needsClasses: true,
  options: () => ({ specialist: "finetuned", generalist: "calibrated" }),
  *make(desk, { specialist, generalist }) {
    const ratio = ownRatio(desk.own);
    return desk.combined([yield* desk.of(specialist), yield* desk.of(generalist)], (ls, lg) =>
      constantAnswers(ls!, labelLawAnswers(lg!, ratio), 0.5),
    );
  },
});
