// The clock of a comparison: a client's models are asked at the moment that validation chose and at the last, before a turn
// of training and after it. A model answers each test row once; all that is measured is read off these answers.
import type { Tensor } from "../autograd/tensor.ts";
import { type Bench, turnKey } from "../federated/hosts/bench.ts";
import type { Answer, Reply, Turn, Vector, Vectors } from "../federated/method.ts";
import { countsOf } from "../federated/statistics.ts";
import { taken } from "../federated/taken.ts";
import { constantAnswers, score, type Scores } from "../moe/evaluate.ts";
import { type Examples, predictAll } from "../nn/index.ts";
import type { Moment, Reading } from "../report/metrics.ts";
import { Kept } from "../runtime/kept.ts";
import { fold } from "../runtime/random.ts";
import { finish } from "../runtime/steps.ts";
import { answersOf, begun } from "./answers.ts";
import { type Federation, GENERALIST } from "./chosenMethods.ts";
import { floors } from "./floors.ts";
import type { Measured } from "./measured.ts";
import { rootKey, type Setup } from "./setup.ts";
import { ownRows, type Staging, type Tests } from "./staging.ts";
import { taskIn } from "./tasks.ts";

/** What a client has of a federation at one moment of it. */
export interface Standing {
  readonly down: Vectors;
  readonly kept: Vectors;
}

/** What a federation left for one client: at the moment that validation chose, and at its end where that is another one. */
export interface HeldOf extends Standing {
  readonly round: number;
  /** What its followers found of its model: the calibration, and sums of features. */
  readonly calibration?: Vectors | undefined;
  readonly gaussians?: Vectors | undefined;
  /** Where that is the server's to say. */
  readonly cluster?: number | undefined;
  readonly last?: Standing | undefined;
}

/** How a client's own model does on its tests in the course of a federation; percent. */
export interface Tick {
  readonly client: number;
  readonly localTest: number;
  readonly globalTest: number;
}

export interface Clock {
  /** Everything about a client after all federations. */
  compare(client: number, held: Readonly<Record<string, HeldOf>>): Measured;
  /** A client's own model in the course of one federation, as it has just been sent. */
  tick(client: number, federation: string, held: HeldOf): Tick;
}

/** Who answers at a moment, and which cluster the client is in where its method says so. */
interface At {
  readonly readings: readonly Reading[];
  readonly scores: Readonly<Record<string, Scores>>;
  readonly kept: Vectors;
  /** The answers of the model that is everybody's, where there is one. */
  readonly global: Tensor | undefined;
  readonly cluster: number | undefined;
  /** What each expert counted in its own answers. */
  readonly load: readonly number[] | undefined;
}

/** The clock of a thread: `bench` gives its part in a federation. */
export function clockOf(
  { config, dataset, clients }: Setup,
  federations: readonly Federation[],
  bench: (name: string) => Bench,
  staging: Staging,
): Clock {
  const root = rootKey(config);
  const classes = dataset.classes.length;
  const task = taskIn(config);
  // answers of a task are not what a model puts out
  const answersOn = (examples: Examples, answer: Answer): Tensor =>
    predictAll(examples, task?.width(classes) ?? classes, task ? (x) => task.answers(answer(x)) : answer);

  const staged = <T>(client: number, use: (own: Turn["own"], tests: Tests) => T): T => {
    const { rows, globalTest } = clients[client]!;
    const seen = staging.of(client);
    const tests = seen.tests(rows.test, globalTest);
    const own = ownRows(config, seen, rows, fold(root, "batches", client));
    try {
      return use(own, tests);
    } finally {
      own.dispose();
      tests.dispose();
    }
  };

  const readAt = (moment: Moment, { name, method }: Federation, given: Turn, tests: Tests, bin: Kept): At => {
    const { side } = bench(name);
    const law = task ? undefined : countsOf(given.own.train.labels, classes);
    const set = { ...tests, classes, law, task };
    let load: readonly number[] | undefined;
    const asked = (turn: Turn): Record<string, Tensor> =>
      Object.fromEntries(
        Object.entries(answersOf(side, turn)).map(([role, answer]) => {
          // what was asked before is none of it
          answer.load?.();
          const found = bin.add(answersOn(tests.examples, answer));
          if (role === "own") load ??= answer.load?.();
          return [role, found];
        }),
      );
    const turn = begun(side, method, given);
    const found = asked(turn);
    const global = found["shared"] ?? ((method.keeps ?? []).length === 0 ? found["own"] : undefined);
    const withTurn = config.clock?.turn ?? true;
    const reply: Reply | undefined = withTurn
      ? finish(side.train({ ...turn, key: fold(turn.key, "clock") }))
      : undefined;
    const after = reply && asked(taken(side, turn, reply))["own"]!;
    const mixed = global && after && bin.add(constantAnswers(after, global, 0.5, task));
    const scores = Object.fromEntries(
      Object.entries(found).map(([role, logp]) => [role === "own" ? name : `${name}-${role}`, score(logp, set)]),
    );
    const reading = (model: Reading["model"], of: Scores): Reading => ({ method: name, moment, model, ...of });
    return {
      scores,
      readings: [
        reading("before", scores[name]!),
        ...(after ? [reading("after", score(after, set))] : []),
        ...(global ? [reading("global", global === found["own"] ? scores[name]! : score(global, set))] : []),
        ...(mixed ? [reading("mixed", score(mixed, set))] : []),
      ],
      kept: turn.kept,
      global,
      cluster: reply?.metrics["cluster"],
      load,
    };
  };

  return {
    compare(client, held) {
      return staged(client, (own, tests) => {
        const scores: Record<string, Scores> = {};
        const kept: Record<string, Vector> = {};
        const readings: Reading[] = [];
        const clusters: Record<string, number> = {};
        const loads: Record<string, readonly number[]> = {};
        let generalist: ArrayLike<number> | undefined;
        for (const federation of federations) {
          const { name } = federation;
          const { down, kept: before, round, last } = held[name]!;
          const key = turnKey(bench(name).key, client, round);
          const turn: Turn = { client, round, down, kept: before, own, effort: 1, key };
          const bin = new Kept();
          try {
            const at = readAt("validated", federation, turn, tests, bin);
            Object.assign(scores, at.scores);
            for (const [of, vector] of Object.entries(at.kept)) kept[`${name}.${of}`] = vector;
            if (at.global && (name === GENERALIST || !generalist)) generalist = at.global.toArray();
            const cluster = held[name]!.cluster ?? at.cluster;
            if (cluster !== undefined) clusters[name] = cluster;
            if (at.load) loads[name] = at.load;
            const end = last ? readAt("last", federation, { ...turn, ...last }, tests, bin).readings : at.readings;
            readings.push(...at.readings, ...end.map((one) => ({ ...one, moment: "last" as const })));
          } finally {
            bin.dispose();
          }
        }
        if (!task) {
          const law = countsOf(own.train.labels, classes);
          // nobody who has no validation rows looks at them
          const validation = config.rows.validation > 0 ? own.validation : { labels: [] };
          const labelled = { train: own.train, validation, classes };
          Object.assign(scores, floors(labelled, { ...tests, classes, law }, generalist));
        }
        return { client, kept, scores, epochs: {}, gates: {}, validations: [], readings, clusters, loads };
      });
    },
    tick(client, federation, { down, kept, round }) {
      return staged(client, (own, tests) => {
        const { side, key } = bench(federation);
        const turn = { client, round, down, kept, own, effort: 1, key: turnKey(key, client, round) };
        const { method } = federations.find(({ name }) => name === federation)!;
        const { own: answer } = answersOf(side, begun(side, method, turn));
        const tensor = answersOn(tests.examples, answer);
        const { localTest, globalTest } = score(tensor, { ...tests, classes, task });
        tensor.dispose();
        return { client, localTest, globalTest };
      });
    },
  };
}
