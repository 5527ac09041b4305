import { type Line, parseLine } from "../../bench/line.ts";
import { assert, test } from "../support/suite.ts";

const measured: Line = {
  suite: "matmul",
  name: "NN 128",
  runtime: "node 20.20.2",
  build: "plain",
  ms: 0.07,
  gflops: 59.2,
  ofPeak: 0.93,
  peer: "tfjs-wasm",
  ratio: 1.8,
  bimodal: { fast: 0.07, slow: 0.2, slowShare: 0.3 },
  also: { "kB gzipped": 43.9 },
};

test("a line is read back as it was written", () => {
  assert.equal(parseLine(JSON.stringify(measured)), measured);
});

test("a case that could not be run has its error in place of a time", () => {
  const { ms: _, gflops: __, ofPeak: ___, ratio: ____, bimodal: _____, also: ______, ...rest } = measured;
  const failed: Line = { ...rest, ms: null, error: "Kernel 'Conv2DBackpropFilter' not registered" };
  assert.equal(parseLine(JSON.stringify(failed)), failed);
  assert.throws(() => parseLine(JSON.stringify({ ...failed, ms: 1 })), /ms or an error expected, not both/);
  assert.throws(() => parseLine(JSON.stringify({ ...rest, ms: null })), /ms or an error expected, not both/);
});

test("a line with a missing, wrong or unknown field is refused by its name", () => {
  const { suite: _, ...nameless } = measured;
  assert.throws(() => parseLine(JSON.stringify(nameless)), /suite/);
  assert.throws(() => parseLine(JSON.stringify({ ...measured, ms: -1 })), /ms/);
  assert.throws(() => parseLine(JSON.stringify({ ...measured, gflops: "59" })), /gflops/);
  assert.throws(() => parseLine(JSON.stringify({ ...measured, speed: 1 })), /speed/);
});

test.run();
