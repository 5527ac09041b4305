import { embedding, NOTHING, pack, sentenceRows, tensor, type Tensor } from "../../../src/autograd/index.ts";
import { backward } from "../../../src/autograd/backward.ts";
import { lstm } from "../../../src/autograd/ops/lstm.ts";
import { add } from "../../../src/autograd/ops/add.ts";
import { square } from "../../../src/autograd/ops/unary.ts";
import { sum } from "../../../src/autograd/ops/sum.ts";
import { zeros } from "../../../src/autograd/ops/fill.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

const whole = (values: readonly number[], shape?: readonly number[]): Tensor<"i32"> => tensor(values, shape, "i32");
const list = (t: Tensor): number[] => Array.from(t.toArray());

test("sentenceRows lays sentences side by side, as wide as the longest of them", () => {
  const [words, offsets] = [whole([5, 6, 7, 8, 9]), whole([0, 2, 2, 5])];
  const all = sentenceRows(words, offsets, whole([2, 0, 1]));
  assert.equal(all.shape, [3, 3]);
  assert.equal(list(all), [7, 8, 9, 5, 6, NOTHING, NOTHING, NOTHING, NOTHING]);
  const two = sentenceRows(words, offsets, whole([1, 0]), 1);
  assert.equal(two.shape, [2, 2]);
  assert.equal(list(two), [1, 1, 5, 6]);
  assert.equal(sentenceRows(words, offsets, whole([1])).shape, [1, 0]);
});

test("pack takes first words first, the longest sentence leading, equal ones in their order", () => {
  const { words, order, active } = pack(whole([1, 2, NOTHING, 3, 4, 5, 6, NOTHING, NOTHING, 7, 8, NOTHING], [4, 3]));
  assert.equal(list(words), [3, 1, 7, 6, 4, 2, 8, 5]);
  assert.equal(list(order), [1, 0, 3, 2]);
  assert.equal(list(active), [4, 3, 1]);
});

test("pack copes with empty sentences and with none", () => {
  const { words, order, active } = pack(whole([NOTHING, NOTHING, 4, NOTHING], [2, 2]));
  assert.equal([list(words), list(order), list(active)], [[4], [1, 0], [1]]);
  const none = pack(whole([], [0, 0]));
  assert.equal([none.words.size, none.order.size, none.active.size], [0, 0, 0]);
  const empty = pack(whole([NOTHING], [1, 1]));
  assert.equal([empty.words.size, list(empty.order), empty.active.size], [0, [0], 0]);
});

test("pack refuses what is no rectangle of whole numbers", () => {
  refuses(() => pack(whole([1, 2])), /^pack: .*expected, got i32\[2\]/);
  refuses(() => pack(tensor([1, 2], [1, 2])), /^pack: .*got f32\[1,2\]/);
});

// gates input, forget, cell, output for an input and a state of one number each
function one(wx: number[], wh: number[], bx: number[], bh: number[]): Parameters<typeof lstm>[1] {
  return { wx: tensor(wx, [4, 1]), wh: tensor(wh, [4, 1]), bx: tensor(bx), bh: tensor(bh) };
}

function close(got: Tensor, wanted: number): void {
  near([got.item()], [wanted]);
}

test("lstm adds both biases and takes the gates in PyTorch's order", () => {
  // input open, forget shut, cell tanh(0.5 x), output open: the state is tanh(tanh(0.5 x)) of the last word
  const weights = one([0, 0, 0.5, 0], [0, 0, 0, 0], [50, -50, 0, 50], [50, -50, 0, 50]);
  const packed = pack(whole([0, 0], [1, 2]));
  const x = tensor([3, 1], [2, 1]);
  close(lstm(x, weights, packed), Math.tanh(Math.tanh(0.5)));
  close(lstm(x, weights, packed, { reverse: true }), Math.tanh(Math.tanh(1.5)));
  // with forget open, cells add up
  const remembering = one([0, 0, 0.5, 0], [0, 0, 0, 0], [50, 50, 0, 50], [50, 50, 0, 50]);
  close(lstm(x, remembering, packed), Math.tanh(Math.tanh(0.5) + Math.tanh(1.5)));
});

test("lstm gives zeros for an empty sentence, alone or in a batch", () => {
  const weights = one([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]);
  for (const reverse of [false, true]) {
    assert.equal(list(lstm(zeros([0, 1]), weights, pack(whole([NOTHING], [1, 1])), { reverse })), [0]);
    const batch = pack(whole([NOTHING, 3, NOTHING], [3, 1]));
    const [first, second, third] = list(lstm(tensor([2], [1, 1]), weights, batch, { reverse }));
    assert.equal([first, third], [0, 0]);
    assert.ok(second! > 0.1);
  }
});

test("lstm refuses rows and weights that do not fit", () => {
  const weights = one([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]);
  const packed = pack(whole([0, 0], [1, 2]));
  refuses(() => lstm(zeros([3, 1]), weights, packed), /^lstm: x \[2,inputs\] expected, .* got \[3,1\]/);
  refuses(() => lstm(zeros([2, 5]), weights, packed), /^lstm: weights \[4 width,5\].*got \[4,1\]/);
});

test("an embedding's slot is cleared where the last batch was and nowhere else", () => {
  const [w, slot] = [tensor([1, 2, 3, 4], [4, 1]), tensor([0, 0, 0, 0], [4, 1])];
  w.requiresGrad = true;
  w.slot = slot;
  slot.touched = whole([0, 0, 0, 0]);
  const batch = (...words: number[]): void => {
    w.grad = null;
    backward(sum(square(embedding(w, whole(words)))));
  };
  batch(0, 2, 2);
  assert.equal(list(slot), [2, 0, 12, 0]);
  assert.equal(list(slot.touched), [1, 0, 1, 0]);
  batch(3);
  assert.equal(list(slot), [0, 0, 0, 8]);
  assert.equal(list(slot.touched), [0, 0, 0, 1]);
});

test("a table used twice, or in another way, still gets all of its gradient and says so", () => {
  const [w, slot] = [tensor([1, 2, 3], [3, 1]), tensor([0, 0, 0], [3, 1])];
  w.requiresGrad = true;
  w.slot = slot;
  slot.touched = whole([0, 0, 0]);
  backward(add(sum(embedding(w, whole([0, 0]))), sum(embedding(w, whole([2])))));
  assert.equal(list(slot), [2, 0, 1]);
  w.grad = null;
  backward(sum(square(w)));
  assert.equal(list(slot), [2, 4, 6]);
  w.grad = null;
  backward(sum(embedding(w, whole([1]))));
  assert.equal(list(slot), [0, 1, 0]);
});

test.run();
