// Networks as ONNX files, for whatever runs those. A network is traced: it runs once on made-up rows, and what its ops were is
// written down; so anything can be exported that is built of ops which have a counterpart there (`exported`).
import { normalInto } from "../autograd/ops/fill.ts";
import { empty, scope, type Tensor, tensor } from "../autograd/tensor.ts";
import { Net } from "../nn/net.ts";
import { fold, key, Stream } from "../runtime/random.ts";
import { Builder } from "./builder.ts";
import { emit, exported } from "./emit.ts";
import { encodeModel, type Graph } from "./proto.ts";

export { exported };

/** What an exported network is called, and what goes into it. */
export interface OnnxOptions {
  /** Inputs are whole numbers below this, the words of a vocabulary; floats unless said. */
  readonly words?: number;
  /** The number of rows, where the network depends on it; any number unless said. */
  readonly rows?: number;
}

/**
 * The bytes of an ONNX file (operator set 17) of a network in evaluation: input `x` [rows, ...shape], output `y`, weights under their
 * names. A RangeError for an op that has no counterpart, and for a network whose steps depend on its inputs' values.
 * @param shape of one input, as a Model's
 */
export function exportOnnx(net: Net, shape: readonly number[], { words, rows }: OnnxOptions = {}): Uint8Array {
  // with gradients, so that ops on weights alone are traced, too
  const traced = new Net(net.module, { group: "private" });
  traced.parameters.copyFrom(net.parameters);
  try {
    // two traces of other inputs: what differs depends on values, or on how many rows there are
    const [one, two] = [trace(traced, [rows ?? 2, ...shape], words, 1), trace(traced, [rows ?? 3, ...shape], words, 2)];
    const [a, b] = [one, two].map((graph) => JSON.stringify({ ...graph, input: null, output: null }, shown));
    if (a !== b)
      throw new RangeError(
        rows === undefined
          ? "onnx: the network, got other steps for 2 rows than for 3, expected the same; give rows, or leave out what depends on values"
          : "onnx: the network, got other steps for other values, expected the same; leave out what has no gradient",
      );
    const open = (of: Graph["input"]): Graph["input"] => ({ ...of, shape: [rows ?? "rows", ...of.shape.slice(1)] });
    return encodeModel({ ...one, input: open(one.input), output: open(one.output) });
  } finally {
    traced.dispose();
  }
}

// typed arrays as lists, infinities as words
function shown(_: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, String);
  return typeof value === "number" ? String(value) : value;
}

function trace(net: Net, shape: readonly number[], words: number | undefined, seed: number): Graph {
  return scope(() => {
    const at = fold(key(seed), "onnx");
    const x = words === undefined ? normalInto(empty([...shape]), 0, 1, at) : wordsOf(shape, words, at);
    x.requiresGrad = words === undefined;
    const y = net.forward(x);
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
    const last = to.nodes.findIndex(({ output }) => output === to.name(y));
    // the last one by the name that callers know
    const nodes = to.nodes.map((node, i) => ({
      ...node,
      inputs: node.inputs.map((input) => (input === to.nodes[last]!.output ? "y" : input)),
      output: i === last ? "y" : node.output,
    }));
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
