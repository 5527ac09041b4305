import { inspect } from "node:util";
import { argmax, memory, reshape, scope, type Tensor, tensor, zeros } from "../../src/autograd/index.ts";
import type { Elements } from "../../src/autograd/dtype.ts";
import { add, addInto } from "../../src/autograd/ops/add.ts";
import { copyInto } from "../../src/autograd/ops/copy.ts";
import { fillInto, normalInto, uniformInto } from "../../src/autograd/ops/fill.ts";
import { empty, persistent, view } from "../../src/autograd/tensor.ts";
import { key } from "../../src/runtime/random.ts";
import { collect } from "../support/collect.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const list = (t: Tensor): number[] => Array.from(t.toArray());

test("a tensor takes its values in the order of rows, and a number makes a scalar", () => {
  const t = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  assert.equal([t.shape, t.size, t.dtype, list(t)], [[2, 3], 6, "f32", [1, 2, 3, 4, 5, 6]]);
  const scalar = tensor(2.5);
  assert.equal([scalar.shape, scalar.size, scalar.item()], [[], 1, 2.5]);
  assert.equal([tensor([]).shape, list(tensor([]))], [[0], []]);
});

test("elements come back in the type they were given for", () => {
  assert.instance(tensor([1]).toArray(), Float32Array);
  assert.instance(tensor([1], [1], "i32").toArray(), Int32Array);
  assert.instance(tensor([1], [1], "u8").toArray(), Uint8Array);
  assert.is(tensor([-3], [1], "i32").item(), -3);
  assert.is(tensor([200], [1], "u8").item(), 200);
});

test("the types of elements are known where they are declared: no cast is needed", () => {
  const floats: Float32Array = add(tensor([1, 2]), tensor([3, 4])).toArray();
  const whole: Int32Array = argmax(tensor([1, 3, 2])).toArray();
  const same: Uint8Array = reshape(tensor([1, 2], [2], "u8"), [1, 2]).toArray();
  const either: Elements = (floats.length > 1 ? tensor([1]) : tensor([1], [1], "i32")).toArray();
  assert.equal([...floats, ...whole, ...same, ...either], [4, 6, 1, 1, 2, 1]);
});

test("a tensor prints type, shape and values, the ends of long axes, and what it came from", () => {
  assert.is(`${tensor([1, 2.5, -3, 0.1], [2, 2])}`, "Tensor(f32[2,2]) [[1, 2.5], [-3, 0.1]]");
  assert.is(inspect(tensor(1 / 3)), "Tensor(f32[]) 0.33333");
  assert.is(inspect({ x: tensor([1, 2], [2], "i32") }), "{ x: Tensor(i32[2]) [1, 2] }");
  const long = tensor(Float32Array.from({ length: 1e6 }, (_, i) => i));
  assert.is(long.toString(), "Tensor(f32[1000000]) [0, 1, 2, ..., 999997, 999998, 999999]");
  assert.is(zeros([0, 3]).toString(), "Tensor(f32[0,3]) []");
  assert.is(zeros([2, 0]).toString(), "Tensor(f32[2,0]) [[], []]");
  assert.is(tensor([NaN, Infinity, -0, 1e-7]).toString(), "Tensor(f32[4]) [NaN, Infinity, 0, 1e-7]");
  const x = tensor([1, 2]);
  x.requiresGrad = true;
  assert.is(`${add(x, x)}`, "Tensor(f32[2] from add) [2, 4]");
  // what is large along every axis stays short
  assert.ok(zeros([20, 20, 20, 20]).toString().length < 2000);
});

test("a tensor that is gone prints so, and errors have no values in them", () => {
  const gone = tensor([1, 2]);
  gone.dispose();
  assert.is(`${gone}`, "Tensor(f32[2]) (gone)");
  let inside!: Tensor;
  scope(() => void (inside = tensor([1])));
  assert.is(inspect(inside), "Tensor(f32[1]) (gone)");
  assert.is(`${scope(() => tensor([7]))}`, "Tensor(f32[1]) [7]");
  refuses(() => add(tensor([7], [1], "i32"), tensor([1])), "add: input 0, got Tensor(i32[1]), expected f32");
});

test("toArray copies", () => {
  const t = tensor([1, 2]);
  t.toArray()[0] = 9;
  assert.equal(list(t), [1, 2]);
});

test("errors name what was got and what was expected", () => {
  refuses(() => tensor([1, 2, 3], [2, 2]), "tensor: shape [2,2] has 4 elements, got 3 values");
  refuses(() => tensor([1], [1.5]), "tensor: sizes are non-negative integers, got [1.5]");
  refuses(() => tensor([], [-1]), "tensor: sizes are non-negative integers, got [-1]");
  refuses(() => tensor([1, 2]).item(), "item: one element expected, got shape [2]");
  refuses(() => tensor([1, 2]).set([1]), "set: 2 values expected for shape [2], got 1");
  refuses(() => add(tensor([1, 2]), tensor([1, 2, 3])), "add: shapes do not broadcast, got [2] and [3]");
});

test("a disposed tensor says so, and disposing again does nothing", () => {
  const before = memory();
  const t = zeros([1000]);
  t.dispose();
  t.dispose();
  assert.equal(memory().used, before.used);
  refuses(() => t.toArray(), "Tensor(f32[1000]): used after dispose()");
  refuses(() => add(t, t), /used after dispose\(\)/);
});

test("a view is gone with what it was of", () => {
  const t = tensor([1, 2, 3, 4]);
  const views = [view(t, 1, [2]), reshape(view(t, 0, [4]), [2, 2])];
  t.dispose();
  for (const v of views) {
    refuses(() => v.toArray(), /used after dispose\(\)/);
    refuses(() => add(v, v), /used after dispose\(\)/);
    refuses(() => fillInto(v, 0), /used after dispose\(\)/);
  }
});

test("writing to a tensor whose memory is gone is refused", () => {
  const [gone, there] = [zeros([2]), zeros([2])];
  gone.dispose();
  refuses(() => copyInto(gone, there), "Tensor(f32[2]): used after dispose()");
  refuses(() => copyInto(there, gone), "Tensor(f32[2]): used after dispose()");
  refuses(() => addInto(gone, there), "Tensor(f32[2]): used after dispose()");
  refuses(() => uniformInto(gone, 0, 1, key(1)), "Tensor(f32[2]): used after dispose()");
  refuses(() => normalInto(gone, 0, 1, key(1)), "Tensor(f32[2]): used after dispose()");
});

test("a tensor of whole numbers or bytes is refused where floats are expected, and the other way round", () => {
  const labels = tensor([1, 2], [2], "i32");
  refuses(() => add(labels, tensor([1, 2])), "add: input 0, got Tensor(i32[2]), expected f32");
});

test("a tensor written over another must have its size", () => {
  const [small, large] = [zeros([2]), zeros([3])];
  refuses(() => copyInto(small, large), "copyInto: [3] does not fit into [2]; sizes must be equal");
  refuses(() => addInto(small, large), "addInto: [3] does not fit into [2]; sizes must be equal");
});

test("a view shares memory with what it is of", () => {
  const t = tensor([0, 1, 2, 3, 4, 5]);
  const v = view(t, 2, [2, 2]);
  assert.equal(list(v), [2, 3, 4, 5]);
  v.set([9, 8, 7, 6]);
  assert.equal(list(t), [0, 1, 9, 8, 7, 6]);
  assert.is(view(v, 1, [1]).item(), 8);
  const bytes = tensor([1, 2, 3, 4], [4], "u8");
  assert.equal(list(view(bytes, 1, [2])), [2, 3]);
});

test("tensors start on cache lines", () => {
  for (const size of [0, 1, 3, 16, 17, 1000]) assert.is(empty([size]).ptr % 64, 0);
});

test("a dropped tensor is reclaimed", async () => {
  await collect();
  const before = memory();
  for (let i = 0; i < 50; i++) zeros([1000]);
  assert.ok(memory().used > before.used);
  await collect();
  assert.ok(memory().used <= before.used, `${memory().used} bytes are in use, ${before.used} were`);
});

test("a loop that drops its tensors and lets others have a turn runs for ever", async () => {
  // what other files of this process have dropped is not this loop's
  await collect();
  // 13 GB, which nobody touches, in the 2 GiB there are; small enough that a collection has time to end before they are full
  for (let i = 0; i < 800; i++) {
    persistent([4e6]);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.ok(memory().used < 2 ** 31);
});

test("a tensor with a living view is not reclaimed", async () => {
  // only the view is held
  const v = view(tensor(new Float32Array(5000).fill(7)), 10, [20]);
  await collect();
  zeros([5000]);
  assert.ok(list(v).every((value) => value === 7));
});

test("a disposed tensor is not freed a second time when it is collected", async () => {
  // freed twice, one block would be handed out twice
  persistent([123]).dispose();
  const a = persistent([123]).set(new Float32Array(123).fill(1));
  await collect();
  const b = persistent([123]).set(new Float32Array(123).fill(2));
  assert.is.not(a.ptr, b.ptr);
  assert.is(a.toArray()[0], 1);
});

test.run();
