// A training step works in linear memory: it makes no typed array and no buffer in JavaScript's.
import { backward, mean, nll, scope, tensor } from "../../src/autograd/index.ts";
import { Adam, lenetFashion, mlp, type Module, Net } from "../../src/nn/index.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

const kinds = ["ArrayBuffer", "Float32Array", "Float64Array", "Int32Array", "Uint32Array", "Uint8Array"] as const;
const copying = ["slice", "subarray", "map", "filter", "toSorted", "toReversed", "with"] as const;

/** How many typed arrays and buffers `fn` makes, by constructor or from another. */
function allocations(fn: () => void): number {
  let made = 0;
  const globals = globalThis as unknown as Record<string, unknown>;
  const kept = kinds.map((kind) => globals[kind]);
  const prototype = Object.getPrototypeOf(Float32Array.prototype) as Record<string, (...args: unknown[]) => unknown>;
  const methods = copying.map((name) => prototype[name]!);
  kinds.forEach((kind, i) => {
    globals[kind] = new Proxy(kept[i] as new () => object, {
      construct: (target, args, newTarget) => {
        made++;
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
  });
  copying.forEach((name, i) => {
    prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
      made++;
      return methods[i]!.apply(this, args);
    };
  });
  try {
    fn();
  } finally {
    kinds.forEach((kind, i) => (globals[kind] = kept[i]));
    copying.forEach((name, i) => (prototype[name] = methods[i]!));
  }
  return made;
}

function steps(module: Module, shape: readonly number[]): (count: number) => void {
  const net = new Net(module, { group: "shared" }).init(1);
  const optimizer = new Adam(net.parameters);
  const size = shape.reduce((n, s) => n * s, 1);
  const x = tensor(new Float32Array(size).fill(0.1), shape);
  const labels = tensor(new Int32Array(shape[0]!), [shape[0]!], "i32");
  const root = fold(key(1), "test");
  let step = 0;
  return (count) => {
    for (let i = 0; i < count; i++)
      scope(() => {
        const loss = mean(nll(net.forward(x, { train: true, key: fold(root, step++) }), labels));
        backward(loss);
        optimizer.step();
        assert.ok(loss.item() >= 0);
      });
  };
}

test("what is counted is what is made", () => {
  assert.is(
    allocations(() => void new Float32Array(3)),
    1,
  );
  const values = new Int32Array(4);
  assert.is(
    allocations(() => void values.subarray(1)),
    1,
  );
  assert.is(
    allocations(() => void [1, 2].slice(1)),
    0,
  );
});

for (const [name, module, shape] of [
  ["LeNet", lenetFashion(), [10, 1, 28, 28]],
  ["MLP", mlp(), [10, 784]],
] as const)
  test(`a training step of ${name} makes no typed array`, () => {
    const run = steps(module, shape);
    // memory is taken when it is first needed
    run(2);
    assert.is(
      allocations(() => run(5)),
      0,
    );
  });

test.run();
