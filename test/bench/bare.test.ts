import { bare } from "../../bench/bare.ts";
import { suites } from "../../bench/suites/index.ts";
import type { Prepared } from "../../bench/suite.ts";
import { adamInto } from "../../src/autograd/ops/update.ts";
import { persistent, type Tensor } from "../../src/autograd/tensor.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

function adam(): Prepared & { readonly w: Tensor } {
  const [w, g, m, v] = [
    [1, 2, 3],
    [0.5, -1, 2],
    [0, 0, 0],
    [0, 0, 0],
  ].map((values) => persistent([3]).set(values));
  const settings = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, decoupled: false };
  return { w: w!, run: () => adamInto(w!, g!, m!, v!, { ...settings, correction1: 0.1, correction2: 0.001 }) };
}

test("the bare calls of a case do what the case does", () => {
  const [one, other] = [adam(), adam()];
  // the case runs once to warm up and once to be heard
  const { run } = bare(one);
  run();
  for (let i = 0; i < 3; i++) other.run();
  assert.equal(one.w.toArray(), other.w.toArray());
});

test("a case with nothing above its kernels has no bare calls, and those that say so have none", () => {
  const direct = suites.flatMap(({ cases }) => cases.filter((one) => one.direct));
  assert.ok(direct.length > 0);
  for (const { prepare } of direct) {
    const prepared = prepare();
    refuses(() => bare(prepared), /^bare: no kernel is called through the library/);
    prepared.dispose?.();
  }
});

test.run();
