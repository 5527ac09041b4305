import fc from "fast-check";
import { gradcheck } from "../../src/autograd/gradcheck.ts";
import { logSoftmax, softmax, type Tensor, tensor } from "../../src/autograd/index.ts";
import { constantAnswers, expertAnswers, gateWeights, mixedAnswers, score } from "../../src/moe/evaluate.ts";
import { asTwo, mixtureLoss, mixtureScores } from "../../src/moe/index.ts";
import { toLogProbabilities } from "../../src/moe/mixture.ts";
import { FloatExamples } from "../../src/nn/index.ts";
import { point } from "../../src/testing/index.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const [rows, classes] = [4, 3];
const labels = [0, 2, 1, 1];
const whole = tensor(labels, [rows], "i32");

const inputs = fc.record({
  ls: point([rows, classes], { low: -3, high: 3 }),
  lg: point([rows, classes], { low: -3, high: 3 }),
  z: point([rows, 1], { low: -4, high: 4 }),
});

interface Made {
  readonly ls: Tensor;
  readonly lg: Tensor;
  readonly z: Tensor;
  /** Probabilities and gate in doubles. */
  readonly ps: number[];
  readonly pg: number[];
  readonly h: (row: number) => number;
}

type Inputs = typeof inputs extends fc.Arbitrary<infer T> ? T : never;

function make({ ls, lg, z }: Inputs, output: "softmax" | "logSoftmax"): Made {
  const put = output === "softmax" ? softmax : logSoftmax;
  const p = ({ values }: Inputs["ls"]): number[] =>
    Array.from({ length: rows }, (_, r) => {
      const e = Array.from({ length: classes }, (_, c) => Math.exp(values[r * classes + c]!));
      const total = e.reduce((a, b) => a + b);
      return e.map((v) => v / total);
    }).flat();
  return {
    ls: put(tensor(ls.values, ls.shape)),
    lg: put(tensor(lg.values, lg.shape)),
    z: tensor(z.values, z.shape),
    ps: p(ls),
    pg: p(lg),
    h: (row) => 1 / (1 + Math.exp(-z.values[row]!)),
  };
}

const each = (value: (row: number, i: number) => number): number[] =>
  Array.from({ length: rows * classes }, (_, i) => value(Math.floor(i / classes), i));

const meanOver = (value: (row: number, label: number) => number): number =>
  labels.reduce((sum, label, row) => sum + value(row, row * classes + label), 0) / rows;

test("in probability space the loss is the likelihood of h p_s + (1 - h) p_g", () => {
  fc.assert(
    fc.property(inputs, (at) => {
      const { ls, lg, z, ps, pg, h } = make(at, "logSoftmax");
      const mixed = each((r, i) => h(r) * ps[i]! + (1 - h(r)) * pg[i]!);
      near(Array.from(mixtureScores("probability", ls, lg, z).toArray(), Math.exp), mixed, 1e-5);
      near([mixtureLoss("probability", ls, lg, z, whole).item()], [meanOver((_, i) => -Math.log(mixed[i]!))], 1e-5);
    }),
  );
});

test("in output space the loss is the gate-weighted sum of two cross-entropies, as the authors' code has it", () => {
  fc.assert(
    fc.property(inputs, (at) => {
      const { ls, lg, z, ps, pg, h } = make(at, "logSoftmax");
      const wanted = meanOver((r, i) => -h(r) * Math.log(ps[i]!) - (1 - h(r)) * Math.log(pg[i]!));
      near([mixtureLoss("output", ls, lg, z, whole).item()], [wanted], 1e-5);
    }),
  );
});

test("with experts that end in probabilities the authors' loss is -(h p_s + (1 - h) p_g)", () => {
  fc.assert(
    fc.property(inputs, (at) => {
      const { ls, lg, z, ps, pg, h } = make(at, "softmax");
      const wanted = meanOver((r, i) => -(h(r) * ps[i]! + (1 - h(r)) * pg[i]!));
      near([mixtureLoss("output", ls, lg, z, whole).item()], [wanted], 1e-5);
    }),
  );
});

test("a gate at one is the specialist, a gate at zero the generalist, in both spaces", () => {
  const [at] = fc.sample(inputs, { numRuns: 1, seed: 3 });
  const { ls, lg } = make(at!, "logSoftmax");
  for (const space of ["probability", "output"] as const) {
    near(mixtureScores(space, ls, lg, tensor([100, 100, 100, 100], [4, 1])).toArray(), ls.toArray());
    near(mixtureScores(space, ls, lg, tensor([-100, -100, -100, -100], [4, 1])).toArray(), lg.toArray());
  }
});

test("the likelihood is at most the weighted cross-entropies (Jensen)", () => {
  fc.assert(
    fc.property(inputs, (at) => {
      const { ls, lg, z } = make(at, "logSoftmax");
      const loss = (space: "probability" | "output"): number => mixtureLoss(space, ls, lg, z, whole).item();
      assert.ok(loss("probability") <= loss("output") + 1e-5);
    }),
  );
});

test("whatever is mixed, answers are log-probabilities", () => {
  fc.assert(
    fc.property(inputs, (at) => {
      for (const output of ["logSoftmax", "softmax"] as const)
        for (const space of ["probability", "output"] as const) {
          const { ls, lg, z } = make(at, output);
          const p = Array.from(mixedAnswers(space, output, { specialist: ls, generalist: lg }, z).toArray(), Math.exp);
          for (let r = 0; r < rows; r++) near([p[r * 3]! + p[r * 3 + 1]! + p[r * 3 + 2]!], [1], 1e-5);
        }
    }),
    { numRuns: 30 },
  );
});

test("probabilities mix to the same answers, whether experts put out them or their logarithms", () => {
  fc.assert(
    fc.property(inputs, (at) => {
      const wanted = make(at, "logSoftmax");
      const got = make(at, "softmax");
      const logp = mixedAnswers(
        "probability",
        "logSoftmax",
        { specialist: wanted.ls, generalist: wanted.lg },
        wanted.z,
      ).toArray();
      near(
        mixedAnswers("probability", "softmax", { specialist: got.ls, generalist: got.lg }, got.z).toArray(),
        logp,
        1e-4,
      );
      near(mixedAnswers("output", "softmax", { specialist: got.ls, generalist: got.lg }, got.z).toArray(), logp, 1e-4);
    }),
    { numRuns: 30 },
  );
});

test("the geometric mix of the authors' code is normalised before it is scored, and keeps the order of classes", () => {
  const mixed = tensor([-1, -2, -3], [1, 3]);
  const logp = toLogProbabilities(mixed, "logSoftmax", true).toArray();
  near([Array.from(logp).reduce((sum, v) => sum + Math.exp(v), 0)], [1]);
  assert.ok(logp[0]! > logp[1]! && logp[1]! > logp[2]!);
});

test("a probability of nothing has a large loss, not an infinite one", () => {
  const logp = toLogProbabilities(tensor([1, 0, 1e-30], [1, 3]), "softmax", false).toArray();
  near(logp, [0, -37 * Math.LN10, -30 * Math.LN10], 1e-5);
});

test("an expert's own log-probabilities are passed on as they are", () => {
  const logp = tensor([-1, -0.5], [1, 2]);
  assert.is(expertAnswers(logp, "logSoftmax"), logp);
});

/** Three experts' outputs and logits, and their softmax in doubles. */
const ofThree = fc.record({ first: inputs, la: inputs, z: point([rows, 3], { low: -4, high: 4 }) });

test("three experts under a softmax are a mixture of one with the mixture of two", () => {
  fc.assert(
    fc.property(ofThree, (at) => {
      const two = make(at.first, "logSoftmax");
      const { ls: la, ps: pa } = make(at.la, "logSoftmax");
      const z = tensor(at.z.values, at.z.shape);
      const weight = (row: number, expert: number): number => {
        const e = [0, 1, 2].map((i) => Math.exp(at.z.values[row * 3 + i]!));
        return e[expert]! / (e[0]! + e[1]! + e[2]!);
      };
      const experts = { specialist: two.ls, generalist: two.lg, alone: la };
      const p = (r: number, i: number): number[] => [pa[i]!, two.ps[i]!, two.pg[i]!].map((v, k) => weight(r, k) * v);
      const sumOf = (terms: readonly number[]): number => terms.reduce((a, b) => a + b);
      const mixed = each((r, i) => sumOf(p(r, i)));
      near(Array.from(mixedAnswers("probability", "logSoftmax", experts, z).toArray(), Math.exp), mixed, 1e-5);
      const loss = mixtureLoss("probability", ...asTwo("probability", experts, z), whole).item();
      near([loss], [meanOver((_, i) => -Math.log(mixed[i]!))], 1e-5);
      const crossEntropies = mixtureLoss("output", ...asTwo("output", experts, z), whole).item();
      const wanted = meanOver((r, i) =>
        sumOf([pa[i]!, two.ps[i]!, two.pg[i]!].map((v, k) => -weight(r, k) * Math.log(v))),
      );
      near([crossEntropies], [wanted], 1e-5);
      near(
        gateWeights(z),
        labels.map((_, r) => 1 - weight(r, 2)),
        1e-5,
      );
    }),
  );
});

test("the loss over three experts has the gradient of its formula", () => {
  fc.assert(
    fc.property(ofThree, fc.integer(), ({ first, la, z }, seed) => {
      for (const space of ["probability", "output"] as const)
        gradcheck(
          (s, g, a, logits) => {
            const experts = { specialist: logSoftmax(s), generalist: logSoftmax(g), alone: logSoftmax(a) };
            // labels of the engine it runs on
            return mixtureLoss(space, ...asTwo(space, experts, logits), tensor(labels, [rows], "i32"));
          },
          [first.ls, first.lg, la.ls, z],
          { seed },
        );
    }),
    { numRuns: 20 },
  );
});

test("one weight for all inputs mixes probabilities", () => {
  fc.assert(
    fc.property(inputs, fc.integer({ min: 1, max: 19 }), (at, twentieths) => {
      const { ls, lg, ps, pg } = make(at, "logSoftmax");
      const h = twentieths / 20;
      const got = Array.from(constantAnswers(ls, lg, h).toArray(), Math.exp);
      near(
        got,
        each((_, i) => h * ps[i]! + (1 - h) * pg[i]!),
        1e-5,
      );
    }),
  );
});

test("the gate's weights are the sigmoids of its logits", () => {
  near(gateWeights(tensor([0, 100, -100, Math.log(3)], [4, 1])), [0.5, 1, 0, 0.75]);
});

test("scores are read off the rows of each test", () => {
  const p = [0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.5, 0.3, 0.2, 0.2, 0.2, 0.6];
  const examples = new FloatExamples(tensor(new Float32Array(4), [4, 1]), [0, 2, 0, 2]);
  const found = score(tensor(p.map(Math.log), [4, 3]), {
    examples,
    classes,
    local: Int32Array.of(0, 1),
    global: Int32Array.of(0, 1, 2, 3),
  });
  near([found.localTest, found.globalTest], [50, 75]);
  near([found.localNll], [-(Math.log(0.7) + Math.log(0.3)) / 2]);
  near([found.globalNll], [-(Math.log(0.7) + Math.log(0.3) + Math.log(0.5) + Math.log(0.6)) / 4]);
  // 0.7 right by itself; 0.6 once right and once wrong in one bin
  near([found.localEce], [100 * (0.5 * 0.3 + 0.5 * 0.6)], 1e-4);
});

test.run();
