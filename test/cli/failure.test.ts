// What is told in one line, and what keeps its stack.
import { refusal, shown } from "../../src/cli/failure.ts";
import { ConfigError } from "../../src/experiment/index.ts";
import { decodeNpy } from "../../src/io/index.ts";
import { DivergenceError } from "../../src/nn/index.ts";
import { assert, test } from "../support/suite.ts";

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("input, damaged files and runs that failed are one line each", () => {
  assert.equal(refusal(new ConfigError("--p: got x")), { message: "--p: got x", code: 2 });
  assert.equal(refusal(new RangeError("idx: cut\n  short")), { message: "idx: cut short", code: 1 });
  assert.is(refusal(new DivergenceError("fit: NaN"))?.code, 1);
  // as a worker's errors arrive
  assert.is(refusal(Object.assign(new Error("fit: NaN"), { name: "DivergenceError" }))?.code, 1);
  assert.is(refusal(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }))?.code, 1);
  assert.match(refusal(thrown(() => decodeNpy(new Uint8Array(20))))!.message, /^npy: no magic string/);
});

test("a bug keeps its stack", () => {
  const nothing = undefined as unknown as { x: number };
  for (const error of [thrown(() => nothing.x), new Error("lost"), thrown(() => (0 as unknown as () => void)())]) {
    assert.is(refusal(error), undefined);
    assert.match(shown(error), /\n +at /);
  }
  assert.is(shown("no error at all"), "no error at all");
});

test.run();
