// A transformer learns a text letter by letter, and goes on with it.
import { argmax, backward, key, reshape, scope, Stream, tensor } from "moiety";
import { Adam, Clipped, Net, softmaxCrossEntropy, Transformer } from "moiety/nn";

const text = "the cat sat on the mat and the dog sat on the cat. ".repeat(8);
const letters = [...new Set(text)].toSorted();
const numbers = Array.from(text, (letter) => letters.indexOf(letter));
const [words, length, batch] = [letters.length, 16, 8];
const net = new Net(new Transformer({ words, length, width: 32, heads: 4, layers: 2 }), { group: "private" }).init(1);
const optimizer = new Clipped(new Adam(net.parameters, { lr: 3e-3, decoupled: true }), [net.parameters], 1);
const stream = new Stream(key(1));
const step = (): number => {
  const starts = Array.from({ length: batch }, () => stream.below(numbers.length - length - 1));
  const rows = (shift: number): number[] => starts.flatMap((at) => numbers.slice(at + shift, at + shift + length));
  const y = reshape(net.forward(tensor(rows(0), [batch, length], "i32")), [-1, words]);
  const loss = softmaxCrossEntropy(y, tensor(rows(1), [batch * length], "i32"));
  backward(loss);
  optimizer.step();
  return loss.item();
};
let last = 0;
for (let at = 0; at < 150; at++) last = scope(step);
let said = numbers.slice(0, length);
for (let i = 0; i < 20; i++) {
  const y = net.predict(tensor(said.slice(-length), [1, length], "i32"));
  said = [...said, argmax(y).toArray()[length - 1]!];
}
console.log(`loss ${last.toFixed(3)}: ${said.map((number) => letters[number]).join("")}`);
