import { recurrent } from "../../src/runtime/reference/recurrent.ts";
import { f32, kernelTest, output, plain, scratch, updated } from "../support/kernel.ts";
import { builds } from "../support/builds.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const positive: Fill = (random) => random();
const { lstmStepsScratchBytes, gruStepsScratchBytes } = builds[0]!.kernels as Record<
  string,
  (...sizes: number[]) => number
>;

/** Every width 1..67 with few steps, and several numbers of steps and sequences, in both directions, from zeros and from states. */
function each(check: (steps: number, batch: number, width: number, reverse: number, started: boolean) => void): void {
  for (let width = 1; width <= 67; width++) check(2, 2, width, width % 2, width % 3 === 0);
  for (const steps of [1, 3, 6])
    for (const batch of [1, 4, 9])
      for (const reverse of [0, 1]) for (const started of [false, true]) check(steps, batch, 5, reverse, started);
}

test("LSTMs over all steps and their gradients equal their twins", () => {
  each((steps, batch, width, reverse, started) => {
    const rows = steps * batch;
    const [n, state] = [rows * width, batch * width];
    const common = { reference: recurrent, absolute: 5e-6, relative: 1e-5, seed: width };
    kernelTest({
      ...common,
      kernel: "lstmSteps",
      operands: {
        gates: updated(4 * n),
        w: f32(4 * width * width),
        b: f32(4 * width),
        h: f32(state),
        c: f32(state),
        hidden: output(n),
        cells: output(n),
        squashed: output(n),
        y: output(n),
        last: output(state),
        work: scratch(lstmStepsScratchBytes!(width)),
      },
      args: ({ gates, w, b, h, c, hidden, cells, squashed, y, last, work }) => [
        gates,
        w,
        b,
        started ? h : 0,
        started ? c : 0,
        hidden,
        cells,
        squashed,
        y,
        last,
        steps,
        batch,
        width,
        reverse,
        work,
      ],
    });
    kernelTest({
      ...common,
      kernel: "lstmStepsGrad",
      operands: {
        gy: f32(n),
        glast: f32(state),
        w: f32(4 * width * width),
        gates: f32(4 * n, positive),
        cells: f32(n),
        squashed: f32(n),
        ggates: output(4 * n),
        gh: output(state),
        gc: output(state),
      },
      args: ({ gy, glast, w, gates, cells, squashed, ggates, gh, gc }) => [
        gy,
        glast,
        w,
        gates,
        cells,
        squashed,
        ggates,
        gh,
        gc,
        steps,
        batch,
        width,
        reverse,
      ],
      absolute: 5e-5,
      relative: 5e-5,
    });
  });
});

test("GRUs over all steps and their gradients equal their twins", () => {
  each((steps, batch, width, reverse, started) => {
    const [n, state] = [steps * batch * width, batch * width];
    const common = { reference: recurrent, absolute: 5e-6, relative: 1e-5, seed: width };
    kernelTest({
      ...common,
      kernel: "gruSteps",
      operands: {
        gates: updated(3 * n),
        w: f32(3 * width * width),
        b: f32(3 * width),
        h: f32(state),
        hidden: output(n),
        inner: output(n),
        y: output(n),
        work: scratch(gruStepsScratchBytes!(batch, width)),
      },
      args: ({ gates, w, b, h, hidden, inner, y, work }) => [
        gates,
        w,
        b,
        started ? h : 0,
        hidden,
        inner,
        y,
        steps,
        batch,
        width,
        reverse,
        work,
      ],
    });
    kernelTest({
      ...common,
      kernel: "gruStepsGrad",
      operands: {
        gy: f32(n),
        w: f32(3 * width * width),
        gates: f32(3 * n, positive),
        hidden: f32(n),
        inner: f32(n),
        ggates: output(3 * n),
        gparts: output(3 * n),
        gh: output(state),
      },
      args: ({ gy, w, gates, hidden, inner, ggates, gparts, gh }) => [
        gy,
        w,
        gates,
        hidden,
        inner,
        ggates,
        gparts,
        gh,
        steps,
        batch,
        width,
        reverse,
      ],
      absolute: 5e-5,
      relative: 5e-5,
    });
  });
});

test.run();
