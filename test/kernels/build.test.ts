import { readFileSync } from "node:fs";
import { zeros } from "../../src/autograd/ops/fill.ts";
import { scope } from "../../src/autograd/tensor.ts";
import { builds } from "../support/builds.ts";
import { seeded } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

const numbers = { plain: 0, relaxed: 1, wide: 2 };

test("every build says which one it is", () => {
  for (const { name, kernels } of builds) assert.is(kernels.build!(), numbers[name]);
});

test("the builds export the same kernels", () => {
  const [plain, ...others] = builds.map(({ kernels }) => Object.keys(kernels).toSorted());
  for (const names of others) assert.equal(names, plain);
});

test("the static data of the two modules lies apart, and below what the engine allocates", () => {
  const { targets } = JSON.parse(readFileSync(new URL("../../asconfig.json", import.meta.url), "utf8")) as {
    targets: { extra: { memoryBase: number } };
  };
  for (const { kernels } of builds) {
    assert.ok(Number(kernels.heapBase!()) <= targets.extra.memoryBase);
    assert.ok(Number(kernels.staticEnd!()) > targets.extra.memoryBase);
    assert.ok(Number(kernels.staticEnd!()) <= 32768);
  }
  assert.ok(scope(() => zeros([1]).ptr) >= 32768);
});

// the bits of y = op(a) . b, m = 37, n = 70, k = 521, in the build's own memory
function product(name: "plain" | "wide", transA: number): Float32Array {
  const [m, n, k] = [37, 70, 521];
  const { kernels, memory } = builds.find((build) => build.name === name)!;
  const [a, b, y] = [1 << 20, 2 << 20, 3 << 20];
  const f = new Float32Array(memory.buffer);
  const random = seeded(7);
  for (let i = 0; i < m * k; i++) f[(a >> 2) + i] = random() - 0.5;
  for (let i = 0; i < n * k; i++) f[(b >> 2) + i] = random() - 0.5;
  kernels.matmul!(a, b, y, m, n, k, transA ? m : k, n, n, transA, 0, 0);
  return f.slice(y >> 2, (y >> 2) + m * n);
}

test("outer products of the wide build have the bits of the plain build", () => {
  for (const transA of [0, 1]) assert.equal(product("wide", transA), product("plain", transA));
});

test.run();
