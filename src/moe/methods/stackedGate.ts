// A gate over two answerers that sees their answers, learns on rows that neither was fitted to, and starts from the best
// constant weight.
import { FloatExamples } from "../../nn/examples.ts";
import type { Examples } from "../../nn/examples.ts";
import { fold } from "../../runtime/random.ts";
import { gateWeights, mixedAnswers, outputs } from "../evaluate.ts";
import { personal, type Personal } from "../personal.ts";
import { type Outputs, remembered } from "../predictor.ts";
import { expertFeatures, trainAnswersGate } from "../stacking.ts";
import { chosenWeight } from "./weighed.ts";

export const stackedGate: Personal = personal({
  name: "stackedGate",
  paper: "10.1016/S0893-6080(05)80023-1",
  about: "two answers weighed by a gate that sees them, and learns on the client's validation rows",
  options: () => ({ specialist: "finetuned", generalist: "generalist" }),
  *make(desk, { specialist, generalist }) {
    const [s, g] = [yield* desk.of(specialist), yield* desk.of(generalist)];
    const { validation: held } = desk.own;
    const [ls, lg] = [s.on(held), g.on(held)];
    const start = chosenWeight(ls, lg, desk.own);
    const gate = desk.kept.add(trainAnswersGate(ls, lg, held.labels, start, fold(desk.key, "stacked")));
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
  },
});
