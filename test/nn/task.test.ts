// Float targets: what is learnt from them, and what is said of answers.
import fc from "fast-check";
import { logSigmoid, neg, tensor } from "../../src/autograd/index.ts";
import {
  Adam,
  asValidation,
  binaryCrossEntropy,
  fit,
  labelScores,
  Linear,
  meanSquaredError,
  Net,
  regressionScores,
  Sequential,
  TargetExamples,
  taskLoss,
  taskMetrics,
  taskOf,
} from "../../src/nn/index.ts";
import { key } from "../../src/runtime/random.ts";
import { wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const rows = 60;
const x = Float32Array.from(wave(rows * 3, 1, 0.7));
const targets = Float32Array.from({ length: rows * 2 }, (_, i) => {
  const [a, b, c] = x.subarray(3 * Math.floor(i / 2));
  return i % 2 ? 1 - a! + 0.5 * c! : 2 * a! - b!;
});

test("a line is learnt by its name of task, and R2 goes to 1", () => {
  const examples = new TargetExamples({ x, targets, shape: [3], outputs: 2 });
  const net = new Net(new Sequential({ out: new Linear(3, 2) }), { group: "private" }).init(1);
  const before = taskMetrics("regression", net, examples, 2);
  const optimizer = new Adam(net.parameters, { lr: 0.05 });
  const { best } = fit({
    examples,
    loss: taskLoss("regression", net),
    optimizer,
    batchSize: 10,
    epochs: 60,
    key: key(1),
    validateEvery: 10,
    patience: 9,
    margin: 0,
    keep: () => {},
    validate: () => asValidation(taskOf("regression"), taskMetrics("regression", net, examples, 2)),
  });
  const after = taskMetrics("regression", net, examples, 2);
  assert.ok(before["r2"]! < 0.5 && after["r2"]! > 0.99, `${before["r2"]} ${after["r2"]}`);
  assert.ok(best.accuracy > 0.98);
  near([after["rmse"]! ** 2], [after["loss"]!], 1e-9);
  examples.dispose();
});

test("a batch has the targets of its rows, and examples hold the rows they were given", () => {
  const examples = new TargetExamples({ x, targets, shape: [3], outputs: 2 }, [5, 2, 9]);
  const batch = examples.batch(tensor([2, 0], [2], "i32"));
  assert.equal(Array.from(batch.labels.toArray()), [...targets.subarray(18, 20), ...targets.subarray(10, 12)]);
  assert.equal(Array.from(batch.x.toArray()), [...x.subarray(27, 30), ...x.subarray(15, 18)]);
  assert.equal(
    [examples.count, [...examples.labels]],
    [3, [5, 2, 9].flatMap((r) => [...targets.subarray(2 * r, 2 * r + 2)])],
  );
  refuses(
    () => new TargetExamples({ x, targets, shape: [4], outputs: 2 }),
    "targets: got 180 numbers and 120 targets, expected rows of 4 and 2",
  );
  refuses(
    () => new TargetExamples({ x: new Float32Array(2), targets: [1, NaN], shape: [1] }),
    "targets: row 1, got NaN, expected a finite number",
  );
});

test("losses by task are the losses of the same name, for any answers and targets", () => {
  const value = fc.float({ min: -8, max: 8, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(value, { minLength: 12, maxLength: 12 }),
      (outputs, values) => {
        const size = outputs * 3;
        const z = tensor(values.slice(0, size), [3, outputs]);
        const t = tensor(
          Array.from({ length: size }, (_, i) => ((i * 5) % 3 > 0 ? 1 : 0)),
          [3, outputs],
        );
        const of = (name: "regression" | "multi-label"): number => {
          const task = taskOf(name);
          return task.loss(task.answers(z), t).item();
        };
        near([of("multi-label")], [binaryCrossEntropy(z, t).item()], 1e-5);
        near([of("regression")], [meanSquaredError(z, t).item()], 1e-5);
      },
    ),
  );
});

test("two answers are mixed between them: the values of a regression, the probabilities of labels", () => {
  const [a, b, z] = [tensor([1, -2, 3], [1, 3]), tensor([5, 0, -1], [1, 3]), tensor([0.7], [1, 1])];
  const h = 1 / (1 + Math.exp(-0.7));
  const logistic = (v: number): number => 1 / (1 + Math.exp(-v));
  const between = (f: (v: number) => number): number[] =>
    [0, 1, 2].map((i) => h * f([1, -2, 3][i]!) + (1 - h) * f([5, 0, -1][i]!));
  const read = (name: "regression" | "multi-label"): number[] => {
    const { mix, answers, readings } = taskOf(name);
    return Array.from(readings(mix(answers(a), answers(b), z)).toArray());
  };
  near(
    read("regression"),
    between((v) => v),
    1e-6,
  );
  near(read("multi-label"), between(logistic), 1e-6);
});

test("regression scores are those of their formulas, output by output", () => {
  const all = Int32Array.of(0, 1, 2, 3);
  // errors 1, 0, -2, 1 about targets 1, 2, 3, 6 with mean 3 and spread 14
  const found = regressionScores([2, 2, 1, 7], [1, 2, 3, 6], 1, all);
  near([found.loss, found.rmse, found.mae, found.r2], [1.5, Math.sqrt(1.5), 1, 1 - 6 / 14], 1e-12);
  const two = regressionScores([2, 0, 2, 0, 1, 0, 7, 0], [1, 0, 2, 1, 3, 0, 6, 1], 2, all);
  near([two.loss, two.mae, two.r2], [(6 + 2) / 8, (4 + 2) / 8, (1 - 6 / 14 + (1 - 2 / 1)) / 2], 1e-12);
  near([regressionScores([9, 5], [1, 5], 1, Int32Array.of(1)).mae], [0], 0);
  assert.ok(Number.isNaN(regressionScores([1, 2], [3, 3], 1, Int32Array.of(0, 1)).r2));
});

test("label scores are those of their formulas, label by label", () => {
  const z = tensor([2, -1, -1, 3, 1, 1], [3, 2]);
  const answers = Array.from({ length: 3 }, (_, row) => row).flatMap((row) => {
    const part = [0, 1].map((c) => z.toArray()[2 * row + c]!);
    const logs = (of: number[]): number[] => Array.from(logSigmoid(tensor(of)).toArray());
    return [...logs(part), ...Array.from(logSigmoid(neg(tensor(part))).toArray())];
  });
  const t = [1, 0, 0, 1, 0, 0];
  const { loss, accuracy, f1, auc } = labelScores(answers, t, 2, Int32Array.of(0, 1, 2));
  near([loss], [binaryCrossEntropy(z, tensor(t, [3, 2])).item()], 1e-6);
  // told: 1 0 / 0 1 / 1 1
  near([accuracy, f1, auc], [4 / 6, 2 / 3, 1], 1e-12);
});

test("a task that there is not is named", () => {
  refuses(() => taskOf("guessing" as never), "task: got guessing, expected classification, regression, multi-label");
  refuses(() => taskOf("toString" as never), /^task: got toString/);
});

test.run();
