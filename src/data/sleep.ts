// Nights of sleep in epochs of half a minute, made up: 16 sleepers, 600 epochs each, five stages. Nothing of it was measured. A night begins
// awake, and the next epoch's stage is drawn by
//
//   to      wake  light  sleep  deep  rem
//   wake    0.90  0.09   0.01
//   light   0.06  0.78   0.13         0.03
//   sleep   0.02  0.03   0.86   0.06  0.03
//   deep    0.01  0.01   0.08   0.90
//   rem     0.04  0.03   0.03         0.90
//
// An epoch shows six numbers: those that its stage has on the mean, which are normal draws that all sleepers share, times the sleeper's own
// gain (0.7 to 1.3 for each of the six), plus 0.5 n of the sleeper and 1.2 n of the epoch, n standard normal.
import { fold, key, Stream } from "../runtime/random.ts";
import { normal } from "./distributions.ts";

const SLEEPERS = 16;
const EPOCHS = 600;
const NUMBERS = 6;
const stages = ["wake", "light", "sleep", "deep", "rem"] as const;
const next: readonly (readonly number[])[] = [
  [0.9, 0.09, 0.01, 0, 0],
  [0.06, 0.78, 0.13, 0, 0.03],
  [0.02, 0.03, 0.86, 0.06, 0.03],
  [0.01, 0.01, 0.08, 0.9, 0],
  [0.04, 0.03, 0.03, 0, 0.9],
];

/** As a CSV file: sleeper, six numbers and the stage, epoch by epoch for each sleeper. */
export function sleepCsv(): string {
  const root = fold(key(0), "sleep");
  const normals = (stream: Stream): number[] => Array.from({ length: NUMBERS }, () => normal(stream));
  const means = stages.map((stage) => normals(new Stream(fold(root, "stage", stage))));
  const lines = Array.from({ length: SLEEPERS }, (_, sleeper) => {
    const stream = new Stream(fold(root, "sleeper", sleeper));
    const gains = Array.from({ length: NUMBERS }, () => 0.7 + 0.6 * stream.uniform());
    const own = normals(stream);
    let stage = 0;
    return Array.from({ length: EPOCHS }, (_, epoch) => {
      if (epoch > 0) {
        const draw = stream.uniform();
        let below = 0;
        const found = next[stage]!.findIndex((share) => draw < (below += share));
        // shares add up to 1 but for rounding
        if (found >= 0) stage = found;
      }
      const shown = normals(stream).map((n, i) => means[stage]![i]! * gains[i]! + 0.5 * own[i]! + 1.2 * n);
      return [`sleeper${sleeper}`, ...shown.map((value) => value.toFixed(3)), stages[stage]].join();
    });
  });
  return [["sleeper", ...Array.from({ length: NUMBERS }, (_, i) => `n${i}`), "stage"].join(), ...lines.flat(), ""].join(
    "\n",
  );
}
