// The client's label law, alone and times the generalist: nothing is trained for it, and fine-tuning has to beat it.
import { persistent, tensor } from "../../autograd/tensor.ts";
import { labelLawAnswers, lawAnswers, ownLaw, ownRatio } from "../labelLaw.ts";
import { personal, type Personal } from "../personal.ts";
import { remembered } from "../predictor.ts";
import { lawDial } from "../tradeOff.ts";

export const majorityClass: Personal = personal({
  name: "majorityClass",
  paper: "",
  about: "the frequencies of the client's labels, whatever the input: the floor of every table",
  needsClasses: true,
  options: () => ({}),
  // oxlint-disable-next-line require-yield -- like its fellows it is made in steps, of which it needs none
  *make({ kept, own }) {
    const law = ownLaw(own);
    const { classes } = own;
    const raw = remembered(
      kept,
      ({ count }) => persistent([count, classes]).set(lawAnswers(law, count)),
      ({ shape: [rows = 1] }) => tensor(lawAnswers(law, rows), [rows, classes]),
    );
    return { ...raw, raw };
  },
});

export const labelLawTimes: Personal = personal({
  name: "labelLaw",
  paper: "10.1162/089976602753284446",
  about: "the federation's model times the client's label law over one of equal classes; nothing is trained",
  needsClasses: true,
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
