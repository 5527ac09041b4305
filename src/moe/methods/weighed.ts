// Two answerers at one weight for all inputs: one that is given (an ensemble), or the one that is best on validation rows, where
// neither was fitted.
import type { Tensor } from "../../autograd/tensor.ts";
import { negativeLogLikelihood } from "../../nn/metrics.ts";
import { constantAnswers } from "../evaluate.ts";
import type { OwnExamples } from "../alone.ts";
import { personal, type Personal } from "../personal.ts";
import { mixtureDial } from "../tradeOff.ts";

const two = { specialist: "finetuned", generalist: "generalist" };

/** Of 0.05, 0.10 .. 0.95 the weight of the first with the lowest loss on held-out rows, the first of equals. */
export function chosenWeight(ls: Tensor, lg: Tensor, { validation: held, classes, task }: OwnExamples): number {
  const rows = Int32Array.from({ length: held.count }, (_, i) => i);
  let best = { h: 0.5, loss: Infinity };
  for (let i = 1; i < 20; i++) {
    const mix = constantAnswers(ls, lg, i / 20, task);
    const answers = mix.toArray();
    const loss = task
      ? task.metrics(answers, held.labels, classes, rows)["loss"]!
      : negativeLogLikelihood({ logp: answers, classes }, held.labels, rows);
    mix.dispose();
    if (loss < best.loss) best = { h: i / 20, loss };
  }
  return best.h;
}

export const ensemble: Personal = personal({
  name: "ensemble",
  paper: "",
  about: "the mean of two answers' probabilities; nothing is trained for it",
  options: () => ({ ...two, weight: 0.5 }),
  ranges: { weight: { min: 0, max: 1 } },
  *make(desk, { specialist, generalist, weight }) {
    const [s, g] = [yield* desk.of(specialist), yield* desk.of(generalist)];
    // without a weight there is no sum of two
    if (weight === 0 || weight === 1) return weight === 0 ? g : s;
    const { task } = desk.own;
    const mix = (ls?: Tensor, lg?: Tensor): Tensor => constantAnswers(ls!, lg!, weight, task);
    if (task) return desk.combined([s, g], mix);
    return desk.combined([s, g], mix, {
      dial: (examples) => mixtureDial(s.on(examples).toArray(), g.on(examples).toArray(), desk.own.classes),
    });
  },
});

export const constantWeight: Personal = personal({
  name: "constantWeight",
  paper: "",
  about: "two answers' probabilities at the weight that is best on the client's validation rows",
  options: () => two,
  *make(desk, { specialist, generalist }) {
    const [s, g] = [yield* desk.of(specialist), yield* desk.of(generalist)];
    const held = desk.own.validation;
    const weight = chosenWeight(s.on(held), g.on(held), desk.own);
    return desk.combined([s, g], (ls, lg) => constantAnswers(ls!, lg!, weight, desk.own.task), { weight });
  },
});
