// One run of a network, written down op by op.
import { traced } from "../autograd/op.ts";
import { normalInto } from "../autograd/ops/fill.ts";
import { empty, scope, type Tensor, tensor } from "../autograd/tensor.ts";
import type { Net } from "../nn/net.ts";
import { fold, key, Stream } from "../runtime/random.ts";
import { Builder } from "./builder.ts";
import { emit } from "./emit.ts";
import type { Graph } from "./proto.ts";

/** The graph of a network's answer to made-up inputs of a shape; `words` makes them whole numbers below that. */
export function trace(net: Net, shape: readonly number[], words: number | undefined, seed: number): Graph {
  return scope(() => {
    const at = fold(key(seed), "onnx");
    const x = words === undefined ? normalInto(empty([...shape]), 0, 1, at) : wordsOf(shape, words, at);
    const y = traced(() => net.forward(x));
    const to = new Builder();
    to.call(x, "x");
    for (const [i, t] of net.parameters.tensors.entries()) {
      const { name } = net.parameters.specs[i]!;
      to.constants.push({ name, shape: t.shape, type: "f32", values: t.toArray() });
      to.call(t, name);
    }
    for (const t of history(y)) if (!to.knows(t)) to.call(t, emit(to, t));
    if (to.nodes.length === 0)
      throw new RangeError("onnx: the network, got one without steps, expected an op at least");
    const last = to.nodes.findIndex(({ outputs }) => outputs[0] === to.name(y));
    // the last one by the name that callers know
    const final = to.nodes[last]!.outputs[0]!;
    const renamed = (of: readonly string[]): string[] => of.map((name) => (name === final ? "y" : name));
    const nodes = to.nodes.map((node) => ({ ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) }));
    const type = words === undefined ? "f32" : "i32";
    return {
      nodes,
      // running statistics are read as copies
      constants: to.constants.filter(({ name }) => nodes.some(({ inputs }) => inputs.includes(name))),
      input: { name: "x", type, shape: x.shape },
      output: { name: "y", type: "f32", shape: y.shape },
    };
  });
}

function wordsOf(shape: readonly number[], words: number, at: ReturnType<typeof key>): Tensor {
  const stream = new Stream(at);
  const size = shape.reduce((n, one) => n * one, 1);
  return tensor(
    Int32Array.from({ length: size }, () => stream.below(words)),
    [...shape],
    "i32",
  );
}

// everything that an op has made on the way to y, in the order in which it was made
function history(y: Tensor): Tensor[] {
  const found = new Set<Tensor>();
  const waiting = [y];
  while (waiting.length > 0) {
    const t = waiting.pop()!;
    if (!t.op || found.has(t)) continue;
    found.add(t);
    for (const input of t.inputs) if (input) waiting.push(input);
  }
  return [...found].toSorted((a, b) => a.id - b.id);
}
