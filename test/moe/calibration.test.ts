// The calibration of a generalist: what its sums are, what they find, and that clients together find what all rows would.
import fc from "fast-check";
import { logSoftmax, tensor } from "../../src/autograd/index.ts";
import {
  alikeByClass,
  calibratedAnswers,
  calibrationSums,
  newtonStep,
  priorSums,
  uncalibrated,
} from "../../src/moe/calibration.ts";
import { calibration, CALIBRATION_ROUNDS } from "../../src/moe/methods/calibration.ts";
import { clientCalls } from "../../src/federated/hosts/pool.ts";
import { countsOf } from "../../src/federated/statistics.ts";
import { predictAll } from "../../src/nn/index.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { federation, settings } from "../support/federation.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const classes = 3;

const rows = fc.record({
  values: fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 60, maxLength: 60 }),
  labels: fc.array(fc.nat(classes - 1), { minLength: 20, maxLength: 20 }),
  at: fc.array(fc.double({ min: 0.2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 }),
});

const answers = (values: readonly number[]): ArrayLike<number> =>
  logSoftmax(tensor(values, [values.length / classes, classes])).toArray();

/** Newton's method with all rows in one place. */
function fitted(logp: ArrayLike<number>, labels: readonly number[]): Float64Array {
  const weights = alikeByClass(countsOf(labels, classes));
  let at = uncalibrated(classes);
  for (let round = 0; round < 30; round++) {
    const { gradient, curvature } = calibrationSums(logp, labels, at, weights);
    const own = priorSums(at, 1 / labels.length).gradient;
    const step = newtonStep(
      gradient.map((g, i) => g + own[i]!),
      curvature,
      1 / labels.length,
    );
    at = at.map((value, i) => value + step[i]!);
  }
  return at;
}

/** Rows whose labels are drawn from softmax(a lp + b) of what the model says of them. */
function drawn(count: number, a: number, b: readonly number[]): { logp: ArrayLike<number>; labels: number[] } {
  const stream = new Stream(fold(key(5), "rows"));
  const logp = answers(Array.from({ length: count * classes }, () => 4 * stream.uniform() - 2));
  const labels = Array.from({ length: count }, (_, row) => {
    const p = b.map((bias, y) => Math.exp(a * logp[row * classes + y]! + bias));
    let left = stream.uniform() * p.reduce((x, y) => x + y);
    return p.findIndex((share) => (left -= share) < 0);
  });
  return { logp, labels };
}

test("gradient and curvature are those of the loss", () => {
  fc.assert(
    fc.property(rows, ({ values, labels, at }) => {
      const logp = answers(values);
      const weights = [1, 0.5, 2];
      const of = (where: readonly number[]): ReturnType<typeof calibrationSums> =>
        calibrationSums(logp, labels, where, weights);
      const { gradient, curvature } = of(at);
      const step = 1e-4;
      let place = 0;
      for (let i = 0; i < at.length; i++) {
        const moved = (by: number): number[] => at.map((value, j) => (j === i ? value + by : value));
        const [up, down] = [of(moved(step)), of(moved(-step))];
        near([(up.loss - down.loss) / (2 * step)], [gradient[i]!], 1e-4);
        for (let j = i; j < at.length; j++)
          near([(up.gradient[j]! - down.gradient[j]!) / (2 * step)], [curvature[place++]!], 1e-4);
      }
    }),
    { numRuns: 20 },
  );
});

test("Newton's step solves its system", () => {
  fc.assert(
    fc.property(rows, ({ values, labels, at }) => {
      const { gradient, curvature } = calibrationSums(answers(values), labels, at, [1, 1, 1]);
      const step = newtonStep(gradient, curvature, 0.1);
      const entry = (i: number, j: number): number => {
        const [a, b] = [Math.min(i, j), Math.max(i, j)];
        return curvature[a * 4 - (a * (a - 1)) / 2 + (b - a)]! + (i === j ? 0.1 : 0);
      };
      near(
        gradient.map((_, i) => step.reduce((sum, d, j) => sum + entry(i, j) * d, 0)),
        gradient.map((g) => -g),
        1e-8,
      );
    }),
    { numRuns: 20 },
  );
});

test("what changes nothing leaves every bit; a temperature alone leaves every answer", () => {
  fc.assert(
    fc.property(rows, fc.double({ min: 0.1, max: 5, noNaN: true }), ({ values }, a) => {
      const lg = logSoftmax(tensor(values, [20, classes]));
      assert.equal(Array.from(calibratedAnswers(lg, uncalibrated(classes)).toArray()), Array.from(lg.toArray()));
      const [before, after] = [lg, calibratedAnswers(lg, [a, 0, 0, 0])].map((x) => x.toArray());
      for (let row = 0; row < 20; row++) {
        const [was, is] = [before!, after!].map((p) => Array.from(p).slice(row * classes, (row + 1) * classes));
        const top = was!.indexOf(Math.max(...was!));
        near([is![top]!], [Math.max(...is!)], 1e-6);
      }
    }),
  );
});

test("on labels that the model draws itself nothing is to be corrected, and what was done to them is found", () => {
  const none = drawn(6000, 1, [0, 0, 0]);
  near(fitted(none.logp, none.labels), [1, 0, 0, 0], 0.08);
  // classes count alike, which moves biases; the temperature stays
  const cold = drawn(6000, 0.5, [0, 0, 0]);
  near([fitted(cold.logp, cold.labels)[0]!], [0.5], 0.05);
  // a model that leans towards a class is set upright: alike classes are what the fit is for
  const leaning = drawn(6000, 1, [0, 0, 0]);
  const tilted = logSoftmax(
    tensor(
      Array.from(leaning.logp, (value, i) => value + [1, 0, -1][i % classes]!),
      [6000, classes],
    ),
  ).toArray();
  near(fitted(tilted, leaning.labels), [1, -1, 0, 1], 0.08);
});

test("a class that nobody has keeps its bias near 0, and no rows at all change nothing", () => {
  const { logp, labels } = drawn(300, 1, [0, 0, -50]);
  assert.ok(!labels.includes(2));
  assert.ok(fitted(logp, labels).every((value) => Math.abs(value) < 20));
  assert.equal(Array.from(alikeByClass([0, 0, 0])), [0, 0, 0]);
  assert.equal(Array.from(priorSums(uncalibrated(classes), 1).gradient), [0, 0, 0, 0]);
});

test("clients together find what all rows in one place would, and send sums alone", async () => {
  const sent = new Set<string>();
  const ran = await federation(
    calibration,
    {},
    {
      rounds: CALIBRATION_ROUNDS,
      cohort: settings.clients,
      pool: (bench) => {
        const calls = clientCalls(bench);
        return new InThread({
          ...calls,
          train: async (list) => {
            const replies = await calls.train(list);
            for (const reply of replies)
              if ("up" in reply)
                for (const [name, { length }] of Object.entries(reply.up)) sent.add(`${name} ${length}`);
            return replies;
          },
        });
      },
    },
  );
  assert.equal([...sent].sort(), ["counts 3", "curvature 10", "gradient 4", "loss 1"]);
  const { bench, end } = ran;
  const together: number[] = [];
  const labels: number[] = [];
  for (let client = 0; client < settings.clients; client++) {
    const own = bench.stage(client, 0);
    const net = bench.kit.net();
    net.parameters.copyFrom(bench.kit.initial);
    const logp = predictAll(own.validation, classes, (x) => net.predict(x));
    together.push(...Array.from(logp.toArray()));
    labels.push(...Array.from(own.validation.labels));
    logp.dispose();
    own.dispose();
  }
  near(end.now["best"]!, fitted(together, labels), 1e-6);
});

test("a federation without validation ends with its last moment", async () => {
  const { end } = await federation(calibration, {}, { rounds: 4, cohort: settings.clients, validation: false });
  assert.is(end.round, 4);
  assert.is(end.bestRound, 3);
  assert.equal(end.best.server, end.now);
});

test.run();
