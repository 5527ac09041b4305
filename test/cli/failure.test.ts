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

test("what the system says is told in words", () => {
  for (const [code, syscall, words] of [
    ["ENOENT", "open", "cannot read a.csv, there is no such file or folder"],
    ["EACCES", "open", "cannot read a.csv, permission is denied"],
    ["EISDIR", "read", "cannot read a.csv, it is a folder"],
    ["ENOTDIR", "scandir", "cannot scandir a.csv, a part of its path is a file"],
  ] as const) {
    const error = Object.assign(new Error(`${code}: as it says, ${syscall} 'a.csv'`), { code, syscall, path: "a.csv" });
    assert.is(refusal(error)?.message, words);
  }
  const taken = Object.assign(new Error("listen EADDRINUSE: address already in use"), { code: "EADDRINUSE", port: 80 });
  assert.is(refusal(taken)?.message, "port 80 is taken; name another");
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
