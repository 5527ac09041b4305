import type { Line } from "../../bench/line.ts";
import { duration, markdown, textLine } from "../../bench/table.ts";
import { assert, test } from "../support/suite.ts";

const common = { suite: "step", runtime: "node", build: "plain" };
const lines: readonly Line[] = [
  { ...common, name: "LeNet", ms: 0.65, gflops: 49.3, ofPeak: 0.74 },
  { ...common, name: "LeNet", peer: "tfjs", ms: null, error: "no gradient" },
  { ...common, name: "LeNet", peer: "PyTorch", ms: 1.95, ratio: 3 },
  { ...common, name: "MLP", ms: 0.2, gflops: 30, ofPeak: 0.5, bimodal: { fast: 0.2, slow: 0.4, slowShare: 0.25 } },
  { ...common, name: "MLP", peer: "PyTorch", ms: 0.4, ratio: 2 },
];

test("durations have three digits in a unit that fits", () => {
  assert.equal([0.00000123, 0.000123, 0.0123, 1.5, 250, 12_345].map(duration), [
    "1.23 ns",
    "123 ns",
    "12.3 us",
    "1.50 ms",
    "250 ms",
    "12.3 s",
  ]);
});

test("a Markdown table has a row per case and a column per peer, and says why a cell has no time", () => {
  assert.is(
    markdown(lines),
    [
      "| case | moiety | GFLOPS | of peak | tfjs | PyTorch |",
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      "| LeNet | 650 us | 49.3 | 0.74 | error 1 | 1.95 ms (3.00x) |",
      "| MLP | 200 us (bimodal) | 30.0 | 0.50 |  | 400 us (2.00x) |",
      "",
      "error 1: `no gradient`",
    ].join("\n"),
  );
});

test("a line on a terminal flags two states and names an error", () => {
  assert.match(textLine(lines[3]!), /BIMODAL 200 us \/ 400 us \(25 %\)/);
  assert.match(textLine(lines[1]!), /^ {2}tfjs +no gradient$/);
});

test.run();
