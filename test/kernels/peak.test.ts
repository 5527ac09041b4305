import { kernels } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

for (const name of ["peak", "peakFma"])
  test(`${name} does its work: the sum depends on the number of iterations and is finite`, () => {
    const short = kernels[name]!(10);
    const long = kernels[name]!(100_000);
    assert.not.equal(short, long);
    assert.ok(Number.isFinite(long));
  });

test.run();
