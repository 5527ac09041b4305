// onnxruntime-web on its WebAssembly provider, one thread. It has no training; inputs are copied in at every call, which is
// its interface.
import * as ort from "onnxruntime-web";
import { floats } from "../data.ts";
import { serve } from "../protocol.ts";
import { onnx } from "./onnx.mjs";
import { batch, weights, zoo } from "./zoo.mjs";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const tensor = (data, shape) => ({ data, shape });

/** A graph with inputs given as tensors, ready to be run. */
async function graph({ nodes, inputs = {}, constants = {}, output }) {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const session = await ort.InferenceSession.create(onnx({ nodes, inputs: shapes, constants, output }), {
    executionProviders: ["wasm"],
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, new ort.Tensor("float32", data, shape)]),
  );
  return {
    run: () => session.run(feeds),
    check: async () => (await session.run(feeds))[output[0]].data,
    dispose: () => void session.release(),
  };
}

function matmul({ m, n, k, transA, transB }) {
  const a = tensor(floats(1, m * k), transA ? [k, m] : [m, k]);
  const b = tensor(floats(2, k * n), transB ? [n, k] : [k, n]);
  // the second operand as a weight, so that the runtime may pack it once
  const attributes = { transA: Number(transA), transB: Number(transB) };
  return graph({
    nodes: [["Gemm", ["a", "b"], "y", attributes]],
    inputs: { a },
    constants: { b },
    output: ["y", [m, n]],
  });
}

function convolution({ op, batch: n, ic, size, oc, kernel }) {
  if (op !== "conv2d.forward") throw new Error("onnxruntime-web: training was removed (microsoft/onnxruntime#22103)");
  const out = size - kernel + 1;
  return graph({
    nodes: [["Conv", ["x", "w", "b"], "y", { kernel_shape: [kernel, kernel], strides: [1, 1], pads: [0, 0, 0, 0] }]],
    inputs: { x: tensor(floats(1, n * ic * size * size), [n, ic, size, size]) },
    constants: {
      w: tensor(floats(2, oc * ic * kernel * kernel), [oc, ic, kernel, kernel]),
      b: tensor(floats(3, oc), [oc]),
    },
    output: ["y", [n, oc, out, out]],
  });
}

function inference({ model: name, batch: size }) {
  const spec = zoo[name];
  const { shape, x } = batch(spec, size);
  const nodes = [];
  const constants = Object.fromEntries(weights(spec).map((w, i) => [`w${i}`, tensor(w.data, w.shape)]));
  let at = 0;
  let last = "x";
  const then = (op, inputs, attributes) => {
    const next = `t${nodes.length}`;
    nodes.push([op, [last, ...inputs], next, attributes]);
    last = next;
  };
  const weightAndBias = () => [`w${at++}`, `w${at++}`];
  for (let i = 0; i < spec.convs.length; i++) {
    then("Conv", weightAndBias(), { kernel_shape: [5, 5] });
    then("Relu", []);
    then("MaxPool", [], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  if (spec.convs.length) then("Flatten", [], { axis: 1 });
  for (let i = 0; i < spec.fcs.length; i++) {
    then("Gemm", weightAndBias(), { transB: 1 });
    if (i < spec.fcs.length - 1) then("Relu", []);
  }
  then("LogSoftmax", [], { axis: 1 });
  return graph({ nodes, constants, inputs: { x: tensor(x, shape) }, output: [last, [size, 10]] });
}

function rows({ op, rows: m, cols: n }) {
  const x = tensor(floats(1, m * n, 4), [m, n]);
  const other = tensor(floats(2, m * n, 4), [m, n]);
  const [operator, inputs, shape, attributes] = {
    softmax: ["Softmax", { x }, [m, n], { axis: 1 }],
    logSoftmax: ["LogSoftmax", { x }, [m, n], { axis: 1 }],
    exp: ["Exp", { x }, [m, n], {}],
    sigmoid: ["Sigmoid", { x }, [m, n], {}],
    relu: ["Relu", { x }, [m, n], {}],
    add: ["Add", { x, other }, [m, n], {}],
    mul: ["Mul", { x, other }, [m, n], {}],
    sum: ["ReduceSum", { x }, [1, 1], {}],
    sumRows: ["ReduceSum", { x }, [m, 1], {}],
    sumColumns: ["ReduceSum", { x }, [1, n], {}],
  }[op];
  const axes = { sumRows: [1n], sumColumns: [0n], sum: [0n, 1n] }[op];
  const names = Object.keys(inputs);
  return graph({
    nodes: [[operator, axes ? [...names, "axes"] : names, "y", attributes]],
    inputs,
    constants: axes ? { axes: tensor(BigInt64Array.from(axes), [axes.length]) } : {},
    output: ["y", shape],
  });
}

function pooling({ batch: n, channels, size }) {
  return graph({
    nodes: [
      ["MaxPool", ["x"], "p", { kernel_shape: [2, 2], strides: [2, 2] }],
      ["Relu", ["p"], "y"],
    ],
    inputs: { x: tensor(floats(1, n * channels * size * size), [n, channels, size, size]) },
    output: ["y", [n, channels, size / 2, size / 2]],
  });
}

const makers = {
  matmul,
  "conv2d.forward": convolution,
  "conv2d.gradInput": convolution,
  "conv2d.gradWeight": convolution,
  infer: inference,
  maxPoolRelu: pooling,
};

await serve(({ task }) => (makers[task.op] ?? rows)(task));
