// Every op against its sample: the registry says what there is, the samples say on what it is tried.
import fc from "fast-check";
import { gradcheck } from "../../src/autograd/gradcheck.ts";
import { noGrad, ops } from "../../src/autograd/op.ts";
import { add } from "../../src/autograd/ops/add.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { square } from "../../src/autograd/ops/unary.ts";
import { grad } from "../../src/autograd/backward.ts";
import { scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { type Engine, withEngine } from "../../src/runtime/engine.ts";
import { referenceEngine } from "../../src/runtime/reference/index.ts";
import { samples } from "../support/samples.ts";
import type { Case } from "../support/samples/sample.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const double: Engine = referenceEngine();

function inputs({ points }: Case): Tensor[] {
  return points.map(({ shape, values }) => tensor(values, shape));
}

interface Value {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number>;
}

function value(at: Case): Value {
  return scope(() => {
    const y = noGrad(() => at.f(...inputs(at)));
    return { shape: y.shape, dtype: y.dtype, values: y.toArray() };
  });
}

// tests that declare an op of their own say so in its name
const declared = [...ops().keys()].filter((name) => !name.startsWith("test:"));

test("every op has a sample, and every sample an op", () => {
  assert.equal(declared.toSorted(), Object.keys(samples).toSorted());
});

for (const [name, { cases, order = 2, reason, tolerance = 2e-6 }] of Object.entries(samples)) {
  test(`${name} gives what its reference twin gives`, () => {
    fc.assert(
      fc.property(cases, (at) => {
        const got = value(at);
        const wanted = withEngine(double, () => value(at));
        assert.equal([got.shape, got.dtype], [wanted.shape, wanted.dtype]);
        let scale = 1;
        for (const v of Array.from(wanted.values)) scale = Math.max(scale, Math.abs(v));
        for (let i = 0; i < wanted.values.length; i++) {
          const error = Math.abs(got.values[i]! - wanted.values[i]!);
          assert.ok(error <= tolerance * scale, `element ${i}: ${got.values[i]}, the twin has ${wanted.values[i]}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  if (order > 0) {
    test(`${name} has the gradient its values have${order === 2 ? ", and so has its gradient" : ""}`, () => {
      fc.assert(
        fc.property(cases, fc.nat(), (at, seed) => {
          gradcheck(at.f, at.points, { seed, order: order as 1 | 2 });
        }),
        { numRuns: 50 },
      );
    });

    test(`${name} is what its sample runs`, () => {
      fc.assert(
        fc.property(cases, (at) => {
          scope(() => {
            const x = inputs(at);
            for (const t of x) t.requiresGrad = true;
            assert.is(at.f(...x).op?.name, name);
          });
        }),
        { numRuns: 3 },
      );
    });
  }

  if (order < 2) {
    test(`${name} refuses a ${order === 0 ? "first" : "second"} gradient rather than give a wrong one: ${reason}`, () => {
      const [at] = fc.sample(cases, { numRuns: 1, seed: 1 });
      scope(() => {
        const x = inputs(at!);
        for (const t of x) t.requiresGrad = true;
        const y = at!.f(...x);
        // whole numbers have no history to begin with
        if (y.dtype === "i32" || x.length === 0) return assert.is(y.op, null);
        // nor has what depends on nothing that could be differentiated
        if (!y.op)
          return refuses(() => grad(sum(square(y)), x), /does not depend on anything that requires a gradient/);
        const asked = (): unknown => {
          const g = grad(sum(square(y)), x, { createGraph: true });
          return order === 1 && grad(g.map((gi) => sum(gi)).reduce(add), x);
        };
        refuses(asked, /cannot be differentiated again/);
      });
    });
  }
}

test.run();
