// TensorFlow.js with its WebAssembly backend: SIMD, one thread (its threads need a browser). With --helped it is given the
// gradient of a convolution's filter that the backend lacks, written as a convolution of transposed operands.
import { dirname } from "node:path";
import { createRequire } from "node:module";
import tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js";
import { floats, labels as seededLabels } from "../data.ts";
import { serve } from "../protocol.ts";
import { batch, weights, zoo } from "./zoo.mjs";

const helped = process.argv.includes("--helped");
const require = createRequire(import.meta.url);
setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"))}/`);
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
await tf.setBackend("wasm");
await tf.ready();

/** A timed and checked computation of one tensor. */
function computed(fn, ...held) {
  return {
    run: () => tf.tidy(() => void fn()),
    check: () => tf.tidy(() => fn().dataSync()),
    dispose: () => tf.dispose(held),
  };
}

function matmul({ m, n, k, transA, transB }) {
  const a = tf.tensor2d(floats(1, m * k), transA ? [k, m] : [m, k]);
  const b = tf.tensor2d(floats(2, k * n), transB ? [n, k] : [k, n]);
  return computed(() => tf.matMul(a, b, transA, transB), a, b);
}

// the backend knows channels last only
const nhwc = (t) => tf.transpose(t, [0, 2, 3, 1]);
const nchw = (t) => tf.transpose(t, [0, 3, 1, 2]);
const hwio = (t) => tf.transpose(t, [2, 3, 1, 0]);

function filterGradient(x, dy) {
  if (!helped) return tf.grad((w) => tf.conv2d(x, w, 1, "valid"))(zeroFilter(x, dy), dy);
  const found = tf.conv2d(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, "valid");
  return tf.transpose(found, [1, 2, 0, 3]);
}

function zeroFilter(x, dy) {
  return tf.zeros([x.shape[1] - dy.shape[1] + 1, x.shape[2] - dy.shape[2] + 1, x.shape[3], dy.shape[3]]);
}

function convolution({ op, batch: n, ic, size, oc, kernel }) {
  const out = size - kernel + 1;
  const x = tf.tidy(() => nhwc(tf.tensor4d(floats(1, n * ic * size * size), [n, ic, size, size])));
  const w = tf.tidy(() => hwio(tf.tensor4d(floats(2, oc * ic * kernel * kernel), [oc, ic, kernel, kernel])));
  const b = tf.tensor1d(floats(3, oc));
  const y = tf.tidy(() => nhwc(tf.tensor4d(floats(4, n * oc * out * out), [n, oc, out, out])));
  const { fn, restore } = {
    "conv2d.forward": { fn: () => tf.fused.conv2d({ x, filter: w, strides: 1, pad: "valid", bias: b }), restore: nchw },
    "conv2d.gradInput": { fn: () => tf.conv2dTranspose(y, w, x.shape, 1, "valid"), restore: nchw },
    "conv2d.gradWeight": { fn: () => filterGradient(x, y), restore: (t) => tf.transpose(t, [3, 2, 0, 1]) },
  }[op];
  return {
    run: () => tf.tidy(() => void fn()),
    check: () => tf.tidy(() => restore(fn()).dataSync()),
    dispose: () => tf.dispose([x, w, b, y]),
  };
}

const bothGradients = (dy, [x, filter]) => [tf.conv2dTranspose(dy, filter, x.shape, 1, "valid"), filterGradient(x, dy)];

// conv2d whose filter gradient does not need the missing kernel; the first layer's input needs none
function helpedConv(x, w, first) {
  if (first)
    return tf.customGrad((f, save) => {
      save([f]);
      return { value: tf.conv2d(x, f, 1, "valid"), gradFunc: (dy) => filterGradient(x, dy) };
    })(w);
  return tf.customGrad((input, f, save) => {
    save([input, f]);
    return { value: tf.conv2d(input, f, 1, "valid"), gradFunc: bothGradients };
  })(x, w);
}

// rows of the first layer behind a flattened image, from channels first to channels last
function flatten(t, channels) {
  const [outputs, inputs] = t.shape;
  const side = Math.sqrt(inputs / channels);
  return tf.reshape(tf.transpose(tf.reshape(t, [outputs, channels, side, side]), [0, 2, 3, 1]), [outputs, inputs]);
}

function model(spec, trainable) {
  const convs = spec.convs.length;
  const variables = weights(spec).map(({ shape, data }, i) =>
    tf.tidy(() => {
      let t = tf.tensor(data, shape);
      if (i < 2 * convs && i % 2 === 0) t = hwio(t);
      if (i >= 2 * convs && i % 2 === 0) {
        if (convs && i === 2 * convs) t = flatten(t, spec.convs[convs - 1][1]);
        t = tf.transpose(t);
      }
      return tf.keep(tf.variable(t, trainable));
    }),
  );
  const logits = (x) => {
    let at = 0;
    for (let i = 0; i < convs; i++) {
      const [w, b] = [variables[at++], variables[at++]];
      x = helped && trainable ? helpedConv(x, w, i === 0) : tf.conv2d(x, w, 1, "valid");
      x = tf.maxPool(tf.relu(tf.add(x, b)), 2, 2, "valid");
    }
    if (convs) x = tf.reshape(x, [x.shape[0], -1]);
    for (let i = 0; i < spec.fcs.length; i++) {
      x = tf.add(tf.matMul(x, variables[at++]), variables[at++]);
      if (i < spec.fcs.length - 1) x = tf.relu(x);
    }
    return x;
  };
  return { logits, variables };
}

function inputs(spec, size) {
  const { shape, x, labels } = batch(spec, size);
  return {
    x: tf.tidy(() => (shape.length === 4 ? nhwc(tf.tensor(x, shape)) : tf.tensor(x, shape))),
    target: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), 10), "float32")),
  };
}

function trainer({ model: name, batch: size }, lr) {
  const { logits, variables } = model(zoo[name], true);
  const { x, target } = inputs(zoo[name], size);
  const optimizer = tf.train.adam(lr, 0.9, 0.999, 1e-8);
  const loss = () => tf.losses.softmaxCrossEntropy(target, logits(x));
  return {
    step: () => {
      const cost = optimizer.minimize(loss, true, variables);
      const [value] = cost.dataSync();
      cost.dispose();
      return value;
    },
    dispose: () => {
      optimizer.dispose();
      tf.dispose([x, target, variables]);
    },
  };
}

function training(task) {
  const { step, dispose } = trainer(task, 1e-6);
  return {
    run: step,
    check: () => {
      const checked = trainer(task, 1e-3);
      const losses = Array.from({ length: 4 }, checked.step);
      checked.dispose();
      return losses;
    },
    dispose,
  };
}

function inference({ model: name, batch: size }) {
  const { logits, variables } = model(zoo[name], false);
  const { x, target } = inputs(zoo[name], size);
  return computed(() => tf.logSoftmax(logits(x)), x, target, variables);
}

function rows({ op, rows: m, cols: n }) {
  const x = tf.tensor(floats(1, m * n, 4), [m, n]);
  const other = tf.tensor(floats(2, m * n, 4), [m, n]);
  const fn = {
    softmax: () => tf.softmax(x),
    logSoftmax: () => tf.logSoftmax(x),
    exp: () => tf.exp(x),
    sigmoid: () => tf.sigmoid(x),
    relu: () => tf.relu(x),
    add: () => tf.add(x, other),
    mul: () => tf.mul(x, other),
    sum: () => tf.sum(x),
    sumRows: () => tf.sum(x, 1),
    sumColumns: () => tf.sum(x, 0),
    dropout: () => tf.dropout(x, 0.5),
  }[op];
  return computed(fn, x, other);
}

function crossEntropy({ rows: m, cols: n }) {
  const x = tf.tensor2d(floats(1, m * n, 4), [m, n]);
  const target = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(seededLabels(2, m, n), "int32"), n), "float32"));
  return computed(() => tf.losses.softmaxCrossEntropy(target, x, 1, 0, tf.Reduction.NONE), x, target);
}

function pooling({ op, batch: n, channels, size }) {
  const x = tf.tidy(() => nhwc(tf.tensor4d(floats(1, n * channels * size * size), [n, channels, size, size])));
  if (op === "maxPoolRelu") {
    const fn = () => tf.relu(tf.maxPool(x, 2, 2, "valid"));
    return { ...computed(fn, x), check: () => tf.tidy(() => nchw(fn()).dataSync()) };
  }
  const half = size / 2;
  const g = tf.tidy(() => nhwc(tf.tensor4d(floats(2, n * channels * half * half), [n, channels, half, half])));
  const fn = () => tf.grad((t) => tf.relu(tf.maxPool(t, 2, 2, "valid")))(x, g);
  return { ...computed(fn, x, g), check: () => tf.tidy(() => nchw(fn()).dataSync()) };
}

const makers = {
  matmul,
  "conv2d.forward": convolution,
  "conv2d.gradInput": convolution,
  "conv2d.gradWeight": convolution,
  step: training,
  infer: inference,
  crossEntropy,
  maxPoolRelu: pooling,
  maxPoolReluGrad: pooling,
};

await serve(({ task }) => (makers[task.op] ?? rows)(task));
