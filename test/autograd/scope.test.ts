import fc from "fast-check";
import {
  add,
  affine,
  backward,
  grad,
  lstm,
  matmul,
  memory,
  mul,
  pack,
  type Packed,
  reshape,
  scope,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../src/autograd/index.ts";
import { inScope, persistent, view } from "../../src/autograd/tensor.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const list = (t: Tensor): number[] => Array.from(t.toArray());

test("a returned tensor survives its scope, the others do not", () => {
  let inner: Tensor | undefined;
  const kept = scope(() => {
    inner = tensor([1, 2, 3]);
    return affine(inner, 2, 1);
  });
  // what comes next must not land on it
  scope(() => void zeros([64]));
  assert.equal(list(kept), [3, 5, 7]);
  refuses(() => inner!.toArray(), "Tensor(f32[3]): used after its scope ended; return it from scope() to keep it");
  refuses(() => inner!.item(), /expected, got shape/);
  refuses(() => add(inner!, inner!), /used after its scope ended/);
  refuses(() => inner!.set([1, 2, 3]), /used after its scope ended/);
  kept.dispose();
});

test("tensors in returned arrays and plain objects survive, once each", () => {
  const made = scope(() => {
    const a = tensor([1]);
    return { a, list: [a, tensor([2])], name: "x", nothing: null, deep: { b: [tensor([3])] } };
  });
  scope(() => void zeros([64]));
  assert.equal([list(made.a), list(made.list[1]!), list(made.deep.b[0]!)], [[1], [2], [3]]);
  assert.is(made.a, made.list[0]);
  assert.is(made.name, "x");
});

test("other results pass through", () => {
  assert.is(
    scope(() => 7),
    7,
  );
  assert.is(
    scope(() => null),
    null,
  );
  assert.is(
    scope(() => undefined),
    undefined,
  );
  const map = new Map([["a", 1]]);
  assert.is(
    scope(() => map),
    map,
  );
});

test("returned tensors of every element type keep their values", () => {
  const [bytes, whole] = scope(() => [tensor([1, 2, 255], [3], "u8"), tensor([-7, 1 << 30], [2], "i32")] as const);
  scope(() => void zeros([64]));
  assert.equal([list(bytes), bytes.dtype], [[1, 2, 255], "u8"]);
  assert.equal([list(whole), whole.dtype], [[-7, 1 << 30], "i32"]);
});

test("a tensor returned through nested scopes ends where it was last returned to", () => {
  let middle: Tensor | undefined;
  const outer = scope(() => {
    middle = scope(() => scope(() => tensor([4, 5])));
    scope(() => void zeros([64]));
    assert.equal(list(middle), [4, 5]);
    return affine(middle, 10, 0);
  });
  assert.equal(list(outer), [40, 50]);
  refuses(() => list(middle!), /used after its scope ended/);
});

test("tensors of an outer scope and of the heap can be returned from an inner one as they are", () => {
  const heap = tensor([1]);
  scope(() => {
    const outer = tensor([2]);
    const pointer = outer.ptr;
    const found = scope(() => [heap, outer]);
    assert.is(found[0], heap);
    assert.is(found[1], outer);
    assert.is(outer.ptr, pointer);
    assert.equal(list(outer), [2]);
  });
  assert.equal(list(heap), [1]);
});

test("a returned tensor has lost its history", () => {
  const x = tensor([3]);
  x.requiresGrad = true;
  const y = scope(() => mul(x, x));
  assert.equal([y.requiresGrad, y.op, y.inputs.length], [false, null, 0]);
  refuses(() => backward(y), /does not depend on anything that requires a gradient/);
});

test("a returned view has memory of its own, which dispose() frees", () => {
  const before = memory();
  const kept = scope(() => {
    const x = tensor([1, 2, 3, 4, 5, 6]);
    return [reshape(x, [2, 3]), view(x, 4, [2])] as const;
  });
  scope(() => void zeros([64]));
  assert.equal(
    kept.map((t) => [list(t), t.shape]),
    [
      [
        [1, 2, 3, 4, 5, 6],
        [2, 3],
      ],
      [[5, 6], [2]],
    ],
  );
  for (const t of kept) t.dispose();
  assert.is(memory().used, before.used);
});

test("an error inside leaves scopes and memory as they were", () => {
  scope(() => void zeros([1000]));
  const before = memory();
  for (let i = 0; i < 10; i++)
    refuses(
      () =>
        scope(() =>
          scope(() => {
            zeros([1000]);
            throw new Error("on purpose");
          }),
        ),
      "on purpose",
    );
  assert.not(inScope());
  assert.equal(memory(), before);
});

test("a function that returns a promise is refused, once: nothing of it is heard later", async () => {
  const refused =
    "scope: the function returned a promise; a scope ends when its function returns, so it must be synchronous";
  const heard: unknown[] = [];
  const hear = (reason: unknown): void => void heard.push(reason);
  process.on("unhandledRejection", hear);
  try {
    refuses(() => scope(async () => 1), refused);
    refuses(
      () =>
        scope(async () => {
          const a = tensor([1]);
          await Promise.resolve();
          return a.toArray();
        }),
      refused,
    );
    refuses(() => scope(() => Promise.reject(new Error("on purpose"))), refused);
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.off("unhandledRejection", hear);
  }
  assert.equal(heard, []);
  assert.not(inScope());
});

test("tensors are found in a result that contains itself, and in one that is very deep", () => {
  interface Knot {
    t: Tensor;
    self?: Knot;
    list?: unknown[];
  }
  const knot = scope(() => {
    const knot: Knot = { t: tensor([5]) };
    knot.self = knot;
    knot.list = [knot, tensor([6])];
    return knot;
  });
  const deep = scope(() => {
    let value: unknown = tensor([7]);
    for (let i = 0; i < 100_000; i++) value = [value];
    return value;
  });
  scope(() => void zeros([64]));
  let inner = deep;
  while (Array.isArray(inner)) inner = inner[0] as unknown;
  assert.equal([list(knot.t), list(knot.list![1] as Tensor), list(inner as Tensor)], [[5], [6], [7]]);
});

test("a result that cannot be carried out leaves nothing behind", () => {
  scope(() => void zeros([100_000]));
  const before = memory();
  for (let i = 0; i < 20; i++)
    refuses(
      () =>
        scope(() => {
          const t = zeros([100_000]);
          return {
            t,
            get broken(): never {
              throw new Error("on purpose");
            },
          };
        }),
      "on purpose",
    );
  assert.not(inScope());
  assert.equal(memory(), before);
});

test("what scopes hand out takes no linear memory until an op wants it, however many are made", () => {
  const one = scope(() => tensor([1, 2, 3]));
  const before = memory();
  const made = Array.from({ length: 1000 }, (_, i) => scope(() => affine(one, 1, i)));
  // whatever `one` needed to be read
  const after = memory();
  assert.ok(after.used - before.used <= 128);
  assert.equal(list(made[500]!), [501, 502, 503]);
  assert.is(made[500]!.set([4, 5, 6]), made[500]);
  assert.is(scope(() => sum(made[500]!)).item(), 15);
  assert.ok(memory().used > after.used, "an op wanted it");
  made[500]!.dispose();
  made[499]!.dispose();
  assert.equal(memory().used, after.used);
  for (const at of [499, 500]) refuses(() => made[at]!.item(), /expected, got shape|used after dispose/);
  for (const at of [499, 500]) refuses(() => sum(made[at]!), /used after dispose/);
});

test("a view of what a scope handed out is a view", () => {
  const kept = scope(() => tensor([1, 2, 3, 4]));
  const v = reshape(kept, [2, 2]);
  kept.set([5, 6, 7, 8]);
  assert.equal(list(v), [5, 6, 7, 8]);
  kept.dispose();
  refuses(() => list(v), /used after dispose/);
});

test("what an op cannot see in its inputs is checked all the same", () => {
  let packed: Packed | undefined;
  scope(() => void (packed = pack(tensor([0, 1, 2, -1], [2, 2], "i32"))));
  const [x, wx, wh] = [zeros([3, 2]), zeros([4, 2]), zeros([4, 1])];
  refuses(() => lstm(x, { wx, wh, bx: zeros([4]), bh: zeros([4]) }, packed!), /used after its scope ended/);
});

test("a persistent tensor outlives the scope it was made in", () => {
  const kept: Tensor[] = [];
  scope(() => void kept.push(persistent([2]).set([8, 9])));
  scope(() => void zeros([64]));
  assert.equal(list(kept[0]!), [8, 9]);
  kept[0]!.dispose();
});

test("gradients of leaves outside are gone with the scope they were computed in", () => {
  const x = tensor([2]);
  x.requiresGrad = true;
  scope(() => {
    backward(sum(mul(x, x)));
    assert.equal(list(x.grad!), [4]);
  });
  refuses(() => list(x.grad!), /used after its scope ended/);
});

test("memory is flat over ten thousand small steps, whatever they return", () => {
  const w = tensor([0.5, -0.5, 1, 2], [2, 2]);
  w.requiresGrad = true;
  const step = (i: number): number => {
    const y = scope(() => {
      const x = tensor([i % 7, 1, 2, 3], [2, 2]);
      const inner = scope(() => matmul(x, x));
      const [g] = grad(sum(mul(matmul(inner, w), x)), [w]);
      return { y: sum(g!) };
    }).y;
    const value = y.item();
    y.dispose();
    return value;
  };
  for (let i = 0; i < 100; i++) step(i);
  const before = memory();
  for (let i = 0; i < 10_000; i++) step(i);
  assert.equal(memory(), before);
});

test("whatever scopes are opened and tensors kept, no two live tensors share memory", () => {
  // a tree of scopes; a leaf is a tensor of so many elements, kept or dropped
  interface Scoped {
    readonly size: number;
    readonly keep: boolean;
    readonly inner: readonly Scoped[];
  }
  const { tree } = fc.letrec<{ tree: Scoped }>((tie) => ({
    tree: fc.record({
      size: fc.integer({ min: 1, max: 600_000 }),
      keep: fc.boolean(),
      inner: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(tie("tree"), { maxLength: 3 }) },
      ),
    }),
  }));
  let serial = 0;
  const run = ({ size, keep, inner }: Scoped): [Tensor, number][] =>
    scope(() => {
      const value = ++serial;
      const own = zeros([size]).set(new Float32Array(size).fill(value));
      const below = inner.map(run);
      for (const [t, v] of below.flat()) assert.is(t.toArray()[t.size - 1], v);
      assert.is(own.toArray()[size - 1], value);
      assert.is(own.toArray()[0], value);
      return [...(keep ? [[own, value] as [Tensor, number]] : []), ...below.flat()];
    });
  fc.assert(
    fc.property(tree, (at) => {
      const used = memory().used;
      const kept = run(at);
      for (const [t, value] of kept) assert.ok(t.toArray().every((v) => v === value));
      const arena = memory().arena;
      for (const [t] of kept) t.dispose();
      assert.ok(memory().used <= used + arena, "nothing but chunks of the arena is left");
    }),
    { numRuns: 40 },
  );
});

test.run();
