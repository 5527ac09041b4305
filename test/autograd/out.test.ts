// Outputs that are given from outside: as good as new ones, or refused before anything is written.
import fc from "fast-check";
import { matmul, noGrad, type Tensor, tensor, zeros } from "../../src/autograd/index.ts";
import { view } from "../../src/autograd/tensor.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const numbers = (size: number, from: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => ((i * 7 + from) % 5) - 2);

test("matmul writes to `out` what it would return, or refuses and writes nothing", () => {
  // two operands and an output somewhere in one block of memory
  const places = fc.record({
    m: fc.integer({ min: 1, max: 9 }),
    n: fc.integer({ min: 1, max: 9 }),
    k: fc.integer({ min: 1, max: 9 }),
    a: fc.nat(400),
    b: fc.nat(400),
    out: fc.nat(400),
    shape: fc.option(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 })),
  });
  fc.assert(
    fc.property(places, ({ m, n, k, a, b, out, shape }) => {
      const before = numbers(500, 1);
      const block = tensor(before);
      const [x, y] = [view(block, a, [m, k]), view(block, b, [k, n])];
      const to = view(block, out, shape && shape.reduce((p, s) => p * s, 1) <= 100 ? shape : [m, n]);
      const apart = (t: Tensor): boolean => to.ptr >= t.ptr + 4 * t.size || t.ptr >= to.ptr + 4 * to.size;
      const fits = to.shape.length === 2 && to.shape[0] === m && to.shape[1] === n;
      if (!fits || !apart(x) || !apart(y)) {
        refuses(
          () => matmul(x, y, {}, to),
          /^matmul: out, got (Tensor\(f32\[.*\]\), expected f32\[\d,\d\]|memory that input \d lies in)/,
        );
        assert.equal(block.toArray(), before);
        return;
      }
      const wanted = matmul(x, y).toArray();
      assert.is(matmul(x, y, {}, to), to);
      assert.equal(to.toArray(), wanted);
      const after = block.toArray();
      before.set(wanted, out);
      assert.equal(after, before, "the rest is as it was");
      block.dispose();
    }),
    { numRuns: 500 },
  );
});

test("an `out` of another element type, or whose memory is gone, is refused", () => {
  const a = tensor([1, 2, 3, 4], [2, 2]);
  refuses(
    () => matmul(a, a, {}, tensor([0, 0, 0, 0], [2, 2], "i32")),
    /^matmul: out, got Tensor\(i32\[2,2\]\), expected f32\[2,2\]$/,
  );
  const gone = zeros([2, 2]);
  gone.dispose();
  refuses(() => matmul(a, a, {}, gone), /used after dispose/);
});

test("an `out` whose history would be wrong is refused", () => {
  const [a, b] = [tensor([1, 2, 3, 4], [2, 2]), tensor([1, 0, 0, 1], [2, 2])];
  a.requiresGrad = true;
  const out = zeros([2, 2]);
  refuses(
    () => matmul(a, b, {}, out),
    "matmul: out, got a result with a gradient; leave `out` away, or compute in noGrad()",
  );
  assert.equal([...noGrad(() => matmul(a, b, {}, out)).toArray()], [1, 2, 3, 4]);
  refuses(() => noGrad(() => matmul(b, b, {}, a)), /^matmul: out, got a result with a gradient/);
  assert.equal([...a.toArray()], [1, 2, 3, 4]);
});

test.run();
