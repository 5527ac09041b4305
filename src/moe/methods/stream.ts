// Evidence over a stream: inputs come one after another, and each is weighed by what all before it say of the source. There is no
// stream in a test, so three are made of its rows: the client's own and foreign ones apart, in turns of twenty, and in turn.
import type { Tensor } from "../../autograd/tensor.ts";
import { fold } from "../../runtime/random.ts";
import { type Course, coursesOf } from "../courses.ts";
import { scoreOf, type Scores, type TestSet } from "../evaluate.ts";
import { filtered, HAZARD } from "../evidence.ts";
import { chosenHazard } from "../hazard.ts";
import { ownRatio } from "../labelLaw.ts";
import { personal, type Personal } from "../personal.ts";
import { evidenceOf, gatedAnswers } from "../posterior.ts";
import { mixedRows } from "../tradeOff.ts";
import { pair } from "./posterior.ts";

/** How far each answer of a stream is right: local test of what is own in it, global test of what is foreign. */
function scoresOn(
  courses: readonly Course[],
  test: TestSet,
  answers: (rows: readonly number[]) => Float64Array,
): Scores {
  const { classes } = test;
  const rows = courses.flatMap((course) => course.rows);
  const own = courses.flatMap((course) => course.own);
  const logp = new Float64Array(rows.length * classes);
  let at = 0;
  for (const course of courses) {
    const found = answers(course.rows);
    logp.set(found, at);
    at += found.length;
  }
  const where = (mine: boolean): Int32Array => Int32Array.from(own.flatMap((of, i) => (of === mine ? [i] : [])));
  const labels = rows.map((row) => test.examples.labels[row]!);
  return scoreOf({ logp, classes }, { labels, local: where(true), global: where(false) });
}

export const stream: Personal = personal({
  name: "stream",
  paper: "10.1109/5.18626",
  about:
    "two answers weighed by what all inputs so far say of where they come from; told on streams of the tests' rows",
  needsClasses: true,
  // `turn` inputs of one source after as many of the other; 0 for streams of one source each. `heldOut` chooses the hazard on
  // streams of held-out rows
  options: () => ({
    specialist: "blend",
    generalist: "calibrated",
    rho: 0.5,
    hazard: HAZARD,
    heldOut: false as boolean,
    turn: 0,
  }),
  ranges: { rho: { min: 0.01, max: 0.99 }, hazard: { min: 0, max: 0.5 }, turn: { min: 0, whole: true } },
  *make(desk, { rho, hazard: given, heldOut, turn, ...experts }) {
    const [s, g] = yield* pair(desk, experts);
    const ratio = ownRatio(desk.own);
    const onHeldOut = (): number => {
      const { validation: held } = desk.own;
      const said = { ls: s.on(held).toArray(), lg: g.on(held).toArray(), labels: held.labels, ratio };
      return chosenHazard(said, rho, fold(desk.key, "hazard"));
    };
    const hazard = heldOut ? onHeldOut() : given;
    const along = (ls: Tensor, lg: Tensor): Tensor =>
      gatedAnswers(ls, lg, filtered(evidenceOf(lg.toArray(), ratio), { rho, hazard }));
    return desk.combined([s, g], (ls, lg) => along(ls!, lg!), {
      scores: (test) => {
        const [ls, lg] = [s.on(test.examples).toArray(), g.on(test.examples).toArray()];
        const evidence = evidenceOf(lg, ratio);
        return scoresOn(coursesOf(test, turn, fold(desk.key, "stream")), test, (rows) =>
          mixedRows(
            ls,
            lg,
            test.classes,
            rows,
            filtered(
              rows.map((row) => evidence[row]!),
              { rho, hazard },
            ),
          ),
        );
      },
    });
  },
});
