import { mixture } from "../../src/runtime/reference/mixture.ts";
import { f32, i32, kernelTest, output, plain } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const logProbability: Fill = (random) => -20 * random();
const farApart: Fill = (random) => -1000 * random();
const impossible: Fill = (random, index) => (random() < 0.3 ? -Infinity : logProbability(random, index));
const gate: Fill = (random) => random() * 8 - 4;
const decidedGate: Fill = (random) => (random() < 0.5 ? 200 : -200) * random();

const cases: Record<string, [experts: Fill, gate: Fill]> = {
  plain: [logProbability, gate],
  "far apart": [farApart, gate],
  "with classes of probability zero": [impossible, gate],
  "under a decided gate": [logProbability, decidedGate],
};

/** Every number of classes in three rows, every number of rows of ten classes. */
function eachShape(check: (rows: number, cols: number) => void): void {
  for (let length = 0; length <= 67; length++) {
    if (length > 0) check(3, length);
    check(length, 10);
  }
}

const labelsOf = (rows: number, cols: number) => i32(rows, (random) => Math.floor(random() * cols));

for (const [what, [experts, gate]] of Object.entries(cases)) {
  const inputs = (rows: number, cols: number) => ({
    ls: f32(rows * cols, experts),
    lg: f32(rows * cols, experts),
    z: f32(rows, gate),
  });
  // a logarithm of about -1000 is known to half an ULP of 1000, its exponential no better
  const error = what === "far apart" ? { absolute: 1e-4, relative: 1e-4 } : { absolute: 1e-6, relative: 1e-5 };

  test(`mixture, mixtureNll and mixtureLog equal their twins for every length, experts ${what}`, () => {
    eachShape((rows, cols) => {
      const common = { reference: mixture, absolute: 1e-6, relative: 3e-7, seed: rows * cols };
      const operands = { ...inputs(rows, cols), labels: labelsOf(rows, cols) };
      for (const kernel of what.includes("zero") ? ["mixture"] : ["mixture", "mixtureLog"])
        kernelTest({
          ...common,
          kernel,
          operands: { ...operands, y: output(rows * cols) },
          args: ({ ls, lg, z, y }) => [ls, lg, z, y, rows, cols],
        });
      kernelTest({
        ...common,
        kernel: "mixtureNll",
        operands: { ...operands, y: output(rows) },
        args: ({ ls, lg, z, labels, y }) => [ls, lg, z, labels, y, rows, cols],
      });
    });
  });

  test(`the gradients equal their twins for every length and every choice of wanted ones, experts ${what}`, () => {
    eachShape((rows, cols) => {
      const n = rows * cols;
      const labels = labelsOf(rows, cols);
      // all three when there is much to cover, each choice at a few shapes
      for (let wanted = cols === 10 && rows % 16 === 3 ? 0 : 7; wanted < 8; wanted++) {
        const [s, g, z] = [wanted & 1, wanted & 2, wanted & 4];
        const outputs = { gls: output(s ? n : 0), glg: output(g ? n : 0), gz: output(z ? rows : 0) };
        type At = Record<keyof typeof outputs, number>;
        const pointers = ({ gls, glg, gz }: At): number[] => [s ? gls : 0, g ? glg : 0, z ? gz : 0];
        const common = { reference: mixture, ...error, seed: n };
        kernelTest({
          ...common,
          kernel: "mixtureGrad",
          operands: { ...inputs(rows, cols), gy: f32(n), ...outputs },
          args: (at) => [at.ls, at.lg, at.z, at.gy, ...pointers(at), rows, cols],
        });
        kernelTest({
          ...common,
          kernel: "mixtureNllGrad",
          operands: { ...inputs(rows, cols), labels, gy: f32(rows), ...outputs },
          args: (at) => [at.ls, at.lg, at.z, at.labels, at.gy, ...pointers(at), rows, cols],
        });
        if (!what.includes("zero"))
          kernelTest({
            ...common,
            kernel: "mixtureLogGrad",
            operands: { ...inputs(rows, cols), gy: f32(n), ...outputs },
            args: (at) => [at.ls, at.lg, at.z, at.gy, ...pointers(at), rows, cols],
          });
      }
    });
  });
}

test.run();
