// Evidence over a stream: inputs come one after another, and each is weighed by what all before it say of the source. There is no
// stream in a test, so three are made of its rows: the client's own and foreign ones apart, in turns of twenty, and in turn.
import type { Tensor } from "../../autograd/tensor.ts";
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { mixedRows } from "../tradeOff.ts";
import { scoreOf, type Scores, type TestSet } from "../evaluate.ts";
import { filtered, HAZARD } from "../evidence.ts";
import { personal, type Personal } from "../personal.ts";
import { evidenceOf, gatedAnswers } from "../posterior.ts";
import { pair } from "./posterior.ts";
import { ownRatio } from "./labelLaw.ts";

/** Rows of a test in an order, and which of them count as the client's own. */
interface Course {
  readonly rows: readonly number[];
  readonly own: readonly boolean[];
}

/** All foreign rows once, own rows as often as it takes: apart (0), or so many of each in turn. */
export function coursesOf({ local, global }: Pick<TestSet, "local" | "global">, turn: number, key: Key): Course[] {
  const shuffled = (rows: Int32Array, name: string): number[] =>
    Array.from(new Stream(fold(key, name)).choose(rows.length, rows.length), (at) => rows[at]!);
  const [own, foreign] = [shuffled(local, "own"), shuffled(global, "foreign")];
  const course = (rows: readonly number[], mine: boolean): Course => ({ rows, own: rows.map(() => mine) });
  if (turn === 0) return [course(own, true), course(foreign, false)];
  const parts: Course[] = [];
  for (let at = 0; at < foreign.length; at += turn) {
    const others = foreign.slice(at, at + turn);
    parts.push(course(others.map((_, i) => own[(at + i) % own.length]!), true), course(others, false)); // prettier-ignore
  }
  return [{ rows: parts.flatMap(({ rows }) => rows), own: parts.flatMap((part) => part.own) }];
}

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
  // `turn` inputs of one source after as many of the other; 0 for streams of one source each
  options: () => ({ specialist: "blend", generalist: "calibrated", rho: 0.5, hazard: HAZARD, turn: 0 }),
  ranges: { rho: { min: 0.01, max: 0.99 }, hazard: { min: 0, max: 0.5 }, turn: { min: 0, whole: true } },
  *make(desk, { rho, hazard, turn, ...experts }) {
    const [s, g] = yield* pair(desk, experts);
    const ratio = ownRatio(desk.own);
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
