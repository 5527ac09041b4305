import { verdict } from "../../bench/compare.ts";
import { assert, test } from "../support/suite.ts";

test("a case is slower only if the whole interval lies beyond 3 %", () => {
  assert.is(verdict(1.04, 1.2), "slower");
  assert.is(verdict(1.01, 1.2), "same");
  assert.is(verdict(0.8, 1.3), "same");
  assert.is(verdict(0.8, 0.9), "faster");
  assert.is(verdict(0.96, 0.99), "same");
});

test.run();
