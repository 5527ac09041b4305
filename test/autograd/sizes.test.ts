// Sizes that are none: whoever takes a shape refuses them before any memory moves.
import fc from "fast-check";
import {
  concat,
  convolve,
  cumsum,
  expand,
  grad,
  memory,
  mixture,
  mixtureLog,
  mul,
  noGrad,
  ops,
  pad,
  reshape,
  scatterAdd,
  scope,
  sum,
  take,
  type Tensor,
  tensor,
  zeros,
} from "../../src/autograd/index.ts";
import { type Shape, sizeOf } from "../../src/autograd/shape.ts";
import { empty, persistent, view } from "../../src/autograd/tensor.ts";
import { Parameters } from "../../src/nn/parameters.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const good = fc.nat({ max: 1000 });
const bad = fc.oneof(
  fc.integer({ max: -1 }),
  fc.double({ noInteger: true, min: -1e9, max: 1e9 }),
  fc.constantFrom(NaN, Infinity, -Infinity, 2 ** 53, 2 ** 32 + 1, -(2 ** 31), undefined, null, "3"),
) as fc.Arbitrary<number>;

/** Shapes of which at least one size is none. */
const wrong: fc.Arbitrary<Shape> = fc
  .tuple(fc.array(good, { maxLength: 3 }), bad, fc.array(fc.oneof(good, bad), { maxLength: 3 }))
  .filter(([before, size, after]) =>
    size !== 2 ** 53 && size !== 2 ** 32 + 1 ? true : ![...before, ...after].includes(0),
  )
  .map(([before, size, after]) => [...before, size, ...after]);

const makers: Readonly<Record<string, (shape: Shape) => unknown>> = {
  zeros,
  tensor: (shape) => tensor([], shape),
  empty: (shape) => empty(shape),
  persistent: (shape) => persistent(shape),
  "empty, bytes": (shape) => empty(shape, "u8"),
  expand: (shape) => expand(tensor([1]), shape),
  reshape: (shape) => reshape(tensor([1, 2, 3, 4, 5, 6]), shape),
  view: (shape) => view(tensor([1, 2, 3, 4, 5, 6]), 0, shape),
  Parameters: (shape) => new Parameters([{ name: "w", shape }], "private"),
  embeddingGrad: (shape) => byName("embeddingGrad", [tensor([1], [1, 1]), tensor([0], [1], "i32")], shape),
};

function byName(name: string, x: readonly Tensor[], attrs: unknown): Tensor {
  return ops().get(name)!(x, attrs);
}

/** Neighbours of whatever is made next, which must not change. */
function guarded(act: () => void): void {
  const around = [tensor(new Float32Array(3000).fill(7))];
  act();
  around.push(tensor(new Float32Array(3000).fill(7)), tensor(new Float32Array(100).fill(7)));
  for (const t of around) assert.ok(t.toArray().every((value) => value === 7));
  for (const t of around) t.dispose();
}

for (const [name, make] of Object.entries(makers))
  test(`${name} refuses sizes that are none, in a scope and outside, and nothing moves`, () => {
    fc.assert(
      fc.property(wrong, fc.boolean(), (shape, inside) => {
        const run = (): void =>
          guarded(() => {
            const { used, reserved } = memory();
            refuses(
              () => noGrad(() => make(shape)),
              /(sizes are non-negative integers|at most 2\^32 elements|cannot infer|has \d+ elements|do not broadcast|cannot be broadcast)/,
            );
            if (inside) assert.equal([memory().used, memory().reserved], [used, reserved]);
          });
        if (inside) scope(run);
        else run();
      }),
      { numRuns: 200 },
    );
  });

test("sizes whose product is right by accident are refused all the same", () => {
  const factors = fc
    .array(fc.constantFrom(-3, -2, -1, 1, 2, 3, 1.5, 0.5, 4), { minLength: 2, maxLength: 5 })
    .filter((shape) => shape.some((size) => size < -1 || !Number.isInteger(size)));
  fc.assert(
    fc.property(factors, (shape) => {
      const size = Math.abs(sizeOf(shape));
      fc.pre(Number.isInteger(size));
      refuses(() => reshape(zeros([size]), shape), /^reshape: /);
    }),
  );
  refuses(() => reshape(zeros([6]), [-2, -3]), "reshape: sizes are non-negative integers, got [-2,-3]");
  refuses(() => reshape(zeros([6]), [1.5, 4]), "reshape: sizes are non-negative integers, got [1.5,4]");
  refuses(() => expand(tensor([1]), [-1, 1000]), "expand: sizes are non-negative integers, got [-1,1000]");
  refuses(() => zeros([2 ** 20, 2 ** 20]), "zeros: at most 2^32 elements, got [1048576,1048576]");
  refuses(() => zeros(5 as unknown as Shape), "zeros: shape, got 5, expected an array of sizes");
});

test("a parameter of a negative size is refused, also where the sum of all sizes is right", () => {
  const specs = [
    { name: "a", shape: [-5] },
    { name: "b", shape: [10] },
  ];
  refuses(() => new Parameters(specs, "private"), /sizes are non-negative integers, got \[-5\]/);
});

test("where one axis has nothing, another one of any size costs nothing", () => {
  const most = 2 ** 31 - 1;
  const numbers = tensor([0, 2], [2], "i32");
  for (const shape of [
    [most, 0],
    [2 ** 20, 2 ** 11, 0],
    [0, most],
  ]) {
    const x = zeros(shape);
    x.requiresGrad = true;
    const last = shape.length - 1;
    const long = shape.indexOf(Math.max(...shape));
    assert.equal(concat([x, x], last).shape, [...shape.slice(0, -1), 2 * shape[last]!]);
    assert.equal(take(x, numbers, long).shape, shape.with(long, 2));
    assert.equal(scatterAdd(zeros(shape.with(long, 2)), numbers, most, long).shape, shape.with(long, most));
    assert.equal(grad(sum(cumsum(mul(x, 2), { axis: last })), [x])[0]!.shape, shape);
  }
});

test("a gate over no classes has a gradient of zeros", () => {
  for (const mixed of [mixture, mixtureLog])
    scope(() => {
      // what lies about is not zero
      tensor(new Float32Array(100).fill(7));
      const z = tensor([-0.3, 0.7]);
      z.requiresGrad = true;
      assert.equal(Array.from(grad(sum(mixed(zeros([2, 0]), zeros([2, 0]), z)), [z])[0]!.toArray()), [0, 0]);
    });
});

test("a stride that is never taken may be of any size", () => {
  const [x, w] = [tensor([-2, 0.5], [1, 1, 2, 1]), tensor([-2], [1, 1, 1, 1])];
  for (const stride of [2, 2 ** 31 - 1] as const)
    assert.equal(Array.from(convolve(x, w, null, { stride: [stride, 1] }).toArray()), [4]);
});

test("widths of a border that are no pairs are refused", () => {
  for (const widths of [[1], [[1]], [[1, 2, 3]], [["1", 2]]])
    refuses(
      () => pad(tensor([1]), widths as unknown as [number, number][]),
      /^pad: got .*, expected two integers of at least 0/,
    );
});

test("a shape that its caller changes afterwards changes no tensor", () => {
  const shape = [2, 3];
  const made = [zeros(shape), tensor([1, 2, 3, 4, 5, 6], shape), expand(tensor(1), shape), reshape(zeros([6]), shape)];
  shape[0] = 1000;
  for (const t of made) assert.equal(t.shape, [2, 3]);
});

test("a view lies in what it is of, wherever it is asked to begin", () => {
  const of = tensor([1, 2, 3, 4, 5, 6]);
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -10, max: 10 }), fc.double()), fc.nat(10), (offset, size) => {
      if (Number.isInteger(offset) && offset >= 0 && offset + size <= 6)
        assert.equal([...view(of, offset, [size]).toArray()], [1, 2, 3, 4, 5, 6].slice(offset, offset + size));
      else refuses(() => view(of, offset, [size]), /^view: .* does not lie in Tensor\(f32\[6\]\)$/);
    }),
  );
});

test("values that an element type does not hold are refused, whatever brings them", () => {
  const not: fc.Arbitrary<unknown> = fc.oneof(
    fc.array(fc.nat(9), { minLength: 1 }),
    fc.constantFrom(null, undefined, true, "1", 1n, {}, () => 1),
  );
  fc.assert(
    fc.property(fc.array(fc.double(), { maxLength: 3 }), not, (before, value) => {
      const values = [...before, value] as number[];
      refuses(() => tensor(values), /^tensor: value \d+, got .*, expected a number; give nested values flat/);
      refuses(() => zeros([values.length]).set(values), /^set: value \d+, got .*, expected a number/);
    }),
  );
  const ranges = { i32: [-(2 ** 31), 2 ** 31 - 1], u8: [0, 255] } as const;
  fc.assert(
    fc.property(fc.constantFrom("i32", "u8"), fc.double(), fc.boolean(), (dtype, value, typed) => {
      const values = typed ? new Float64Array([value]) : [value];
      const [least, most] = ranges[dtype];
      if (Number.isInteger(value) && value >= least && value <= most)
        return assert.is(tensor(values, [1], dtype).item() - value, 0);
      return refuses(
        () => tensor(values, [1], dtype),
        `tensor: value 0, got ${value}, expected an integer from ${least} to ${most} for ${dtype}`,
      );
    }),
  );
  refuses(() => tensor(undefined as unknown as number), "tensor: values, got undefined, expected numbers");
  refuses(() => tensor([1], [1], "float32" as "f32"), 'tensor: dtype, got "float32", expected f32, i32, u8');
});

test.run();
