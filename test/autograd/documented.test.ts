// The page of ops names every function that the library exports to compute with.
import { readFileSync } from "node:fs";
import * as autograd from "../../src/autograd/index.ts";
import { assert, test } from "../support/suite.ts";

// what is not an op: how tensors live, how gradients are taken, what the engine is
const others = new Set(
  "backward grad defineOp noGrad ops scope Tensor configure loadKernels kernelBuild memory inScope persistent".split(
    " ",
  ),
);

test("docs/ops.md names every op", () => {
  const page = readFileSync(new URL("../../docs/ops.md", import.meta.url), "utf8");
  const missing = Object.keys(autograd).filter((name) => !others.has(name) && !page.includes(`\`${name}\``));
  assert.equal(missing, []);
});

test.run();
