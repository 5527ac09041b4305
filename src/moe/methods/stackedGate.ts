// A gate over two answerers that sees their answers, learns on rows that neither was fitted to, and starts from the best
// constant weight.
import { FloatExamples } from "../../nn/examples.ts";
import type { Examples } from "../../nn/examples.ts";
import { fold, type Key } from "../../runtime/random.ts";
import { exp } from "../../runtime/scalar.ts";
import { gateWeights, mixedAnswers, outputs } from "../evaluate.ts";
import { ownRatio } from "../labelLaw.ts";
import { type Desk, personal, type Personal } from "../personal.ts";
import { RHO } from "../posterior.ts";
import { type Outputs, type Predictor, remembered } from "../predictor.ts";
import { expertFeatures, trainAnswersGate } from "../stacking.ts";
import { chosenWeight } from "./weighed.ts";

/** A gate over two answerers that learns on the client's validation rows, alike or by what each of them counts. */
function answersGate(
  desk: Desk,
  [s, g]: readonly [Predictor, Predictor],
  { start, key, weights }: { readonly start: number; readonly key: Key; readonly weights?: ArrayLike<number> },
): Predictor {
  const { validation: held } = desk.own;
  const gate = desk.kept.add(trainAnswersGate(s.on(held), g.on(held), held.labels, start, key, weights));
  const logits: Outputs = remembered(
    desk.kept,
    (examples) => {
      const features = expertFeatures(s.on(examples), g.on(examples));
      const seen = new FloatExamples(features, examples.labels);
      const z = outputs(gate, seen, 1);
      for (const thing of [seen, features]) thing.dispose();
      return z;
    },
    (x) => gate.predict(expertFeatures(s.predict(x), g.predict(x))),
  );
  return desk.combined(
    [s, g, logits],
    (of, lg, z) => mixedAnswers("probability", "logSoftmax", { specialist: of!, generalist: lg! }, z!),
    { nets: { gate }, weights: (examples: Examples) => gateWeights(logits.on(examples)) },
  );
}

export const stackedGate: Personal = personal({
  name: "stackedGate",
  paper: "10.1016/S0893-6080(05)80023-1",
  about: "two answers weighed by a gate that sees them, and learns on the client's validation rows",
  needsClasses: true,
  options: () => ({ specialist: "finetuned", generalist: "generalist" }),
  *make(desk, { specialist, generalist }) {
    const [s, g] = [yield* desk.of(specialist), yield* desk.of(generalist)];
    const { validation: held } = desk.own;
    const start = chosenWeight(s.on(held), g.on(held), desk.own);
    return answersGate(desk, [s, g], { start, key: fold(desk.key, "stacked") });
  },
});

export const reweightedGate: Personal = personal({
  name: "reweightedGate",
  paper: "",
  about: "the gate over two answers, whose validation rows count towards the federation's law with share 1 - rho",
  needsClasses: true,
  options: () => ({ specialist: "blend", generalist: "calibrated", rho: RHO }),
  ranges: { rho: { min: 0.01, max: 0.99 } },
  *make(desk, { specialist, generalist, rho }) {
    const experts = [yield* desk.of(specialist), yield* desk.of(generalist)] as const;
    const ratio = ownRatio(desk.own);
    // under label skew a row of label y is 1 / r_y times as frequent in the federation; all rows count one on average
    const counts = Array.from(desk.own.validation.labels, (y) => rho + (1 - rho) * exp(-ratio[y]!));
    const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
    const weights = counts.map((count) => count / mean);
    return answersGate(desk, experts, { start: rho, key: fold(desk.key, "reweighted"), weights });
  },
});
