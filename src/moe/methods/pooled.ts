// A specialist that has nothing to lose: the trained model, and as much of the label law as the client's held-out rows ask for.
import { labelLawAnswers, ownRatio } from "../labelLaw.ts";
import { fitPowers, pooledAnswers } from "../opinionPool.ts";
import { personal, type Personal } from "../personal.ts";
import { combined } from "../predictor.ts";

export const pooled: Personal = personal({
  name: "pooled",
  paper: "",
  about: "a trained model and the generalist times the client's label law, each to a power that held-out rows choose",
  needsClasses: true,
  options: () => ({ specialist: "finetuned", generalist: "calibrated" }),
  *make(desk, { specialist, generalist }) {
    const ratio = ownRatio(desk.own);
    const s = yield* desk.of(specialist);
    const law = combined(desk.kept, [yield* desk.of(generalist)], (lg) => labelLawAnswers(lg!, ratio));
    const { validation: held, classes } = desk.own;
    const powers = fitPowers(s.on(held).toArray(), law.on(held).toArray(), held.labels, classes);
    return desk.combined([s, law], (ls, ll) => pooledAnswers(ls!, ll!, powers));
  },
});
