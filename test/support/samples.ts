// One sample for every op: random inputs, and the op as a function of those it can be differentiated in. The registry is held
// against this list, so an op without a sample, or a sample without an op, fails the suite.
import "../../src/autograd/index.ts";
import { axes } from "./samples/axes.ts";
import { elementwise } from "./samples/elementwise.ts";
import { layers } from "./samples/layers.ts";
import { losses } from "./samples/losses.ts";
import { planes } from "./samples/planes.ts";
import { rows } from "./samples/rows.ts";
import type { Sample } from "./samples/sample.ts";
import { sequences } from "./samples/sequences.ts";
import { smooth } from "./samples/smooth.ts";
import { shapes } from "./samples/shapes.ts";

export const samples: Readonly<Record<string, Sample>> = {
  ...elementwise,
  ...shapes,
  ...layers,
  ...losses,
  ...rows,
  ...smooth,
  ...axes,
  ...planes,
  ...sequences,
};
