// jax-js on its WebAssembly device, everything under jit, the whole training step in one (its best case). Every use of an
// array hands it over, so what stays is lent with .ref.
import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { floats, labels as seededLabels } from "../data.ts";
import { serve } from "../protocol.ts";
import { batch, weights, zoo } from "./zoo.mjs";

await init("wasm");
defaultDevice("wasm");

const array = (data, shape) => np.array(data).reshape(shape);

/** A jitted function of arrays that stay: run without copying the result out, checked with. */
function computed(fn, ...held) {
  const compiled = jit(fn);
  const call = () => compiled(...held.map((t) => t.ref));
  return {
    run: async () => (await call().blockUntilReady()).dispose(),
    check: () => call().dataSync(),
    dispose: () => {
      for (const t of held) t.dispose();
      compiled.dispose();
    },
  };
}

function matmul({ m, n, k, transA, transB }) {
  const a = array(floats(1, m * k), transA ? [k, m] : [m, k]);
  const b = array(floats(2, k * n), transB ? [n, k] : [k, n]);
  return computed((x, y) => np.matmul(transA ? x.transpose() : x, transB ? y.transpose() : y), a, b);
}

const convolve = (x, w) => lax.conv(x, w, [1, 1], "VALID");

// a convolution is linear in each operand, so the gradient of <conv, y> is the one wanted
const convolvedAlong = (x, w, y) => convolve(x, w).mul(y).sum();

function convolution({ op, batch: n, ic, size, oc, kernel }) {
  const out = size - kernel + 1;
  const x = array(floats(1, n * ic * size * size), [n, ic, size, size]);
  const w = array(floats(2, oc * ic * kernel * kernel), [oc, ic, kernel, kernel]);
  const b = array(floats(3, oc), [1, oc, 1, 1]);
  const y = array(floats(4, n * oc * out * out), [n, oc, out, out]);
  if (op === "conv2d.forward") return computed((x, w, b) => convolve(x, w).add(b), x, w, b);
  const which = op === "conv2d.gradInput" ? 0 : 1;
  return computed(
    (x, w, y) => {
      const [value, gradient] = valueAndGrad(convolvedAlong, { argnums: which })(x, w, y);
      value.dispose();
      return gradient;
    },
    x,
    w,
    y,
  );
}

const pool = (x) => {
  const [n, c, h, w] = x.shape;
  return np.max(np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), 5), 3);
};

function logits(spec, params, x) {
  let at = 0;
  for (let i = 0; i < spec.convs.length; i++) {
    const [w, b] = [params[at++], params[at++]];
    x = pool(nn.relu(convolve(x, w).add(b.reshape([1, spec.convs[i][1], 1, 1]))));
  }
  if (spec.convs.length) x = x.reshape([x.shape[0], spec.fcs[0][0]]);
  for (let i = 0; i < spec.fcs.length; i++) {
    x = np.matmul(x, params[at++].transpose()).add(params[at++]);
    if (i < spec.fcs.length - 1) x = nn.relu(x);
  }
  return x;
}

const parameters = (spec) => weights(spec).map(({ shape, data }) => array(data, shape));

function inputs(spec, size) {
  const { shape, x, labels } = batch(spec, size);
  const hot = new Float32Array(size * 10);
  labels.forEach((label, i) => (hot[i * 10 + label] = 1));
  return { x: array(x, shape), target: array(hot, [size, 10]) };
}

function trainer({ model: name, batch: size }, lr) {
  const spec = zoo[name];
  const { x, target } = inputs(spec, size);
  const loss = (params, x, target) =>
    nn
      .logSoftmax(logits(spec, params, x), 1)
      .mul(target)
      .sum()
      .mul(-1 / size);
  const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];
  const stepped = jit((params, ms, vs, step, root, x, target) => {
    const [value, gradients] = valueAndGrad(loss)(
      params.map((p) => p.ref),
      x,
      target,
    );
    const [nextP, nextM, nextV] = [[], [], []];
    gradients.forEach((g, i) => {
      const m = ms[i].mul(beta1).add(g.ref.mul(1 - beta1));
      const v = vs[i].mul(beta2).add(g.ref.mul(g).mul(1 - beta2));
      nextP.push(params[i].sub(m.ref.mul(step.ref).div(np.sqrt(v.ref).mul(root.ref).add(eps))));
      nextM.push(m);
      nextV.push(v);
    });
    step.dispose();
    root.dispose();
    return [value, nextP, nextM, nextV];
  });
  let params = parameters(spec);
  let ms = params.map((p) => np.zeros(p.shape));
  let vs = params.map((p) => np.zeros(p.shape));
  let t = 0;
  return {
    step: () => {
      t++;
      const rate = np.array(lr / (1 - beta1 ** t));
      const root = np.array(1 / Math.sqrt(1 - beta2 ** t));
      let value;
      [value, params, ms, vs] = stepped(params, ms, vs, rate, root, x.ref, target.ref);
      return value.dataSync()[0];
    },
    dispose: () => {
      for (const held of [x, target, ...params, ...ms, ...vs]) held.dispose();
      stepped.dispose();
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
  const { x, target } = inputs(zoo[name], size);
  target.dispose();
  return computed((x, ...params) => nn.logSoftmax(logits(zoo[name], params, x), 1), x, ...parameters(zoo[name]));
}

function rows({ op, rows: m, cols: n }) {
  const x = array(floats(1, m * n, 4), [m, n]);
  const other = array(floats(2, m * n, 4), [m, n]);
  const one = {
    softmax: (x) => nn.softmax(x, 1),
    logSoftmax: (x) => nn.logSoftmax(x, 1),
    exp: (x) => np.exp(x),
    sigmoid: (x) => nn.sigmoid(x),
    relu: (x) => nn.relu(x),
    sum: (x) => x.sum(),
    sumRows: (x) => x.sum(1),
    sumColumns: (x) => x.sum(0),
  }[op];
  if (one) return computed(one, x);
  const two = { add: (x, y) => x.add(y), mul: (x, y) => x.mul(y) }[op];
  if (two) return computed(two, x, other);
  throw new Error(`jax-js: nothing of its own for ${op}`);
}

function crossEntropy({ rows: m, cols: n }) {
  const hot = new Float32Array(m * n);
  seededLabels(2, m, n).forEach((label, i) => (hot[i * n + label] = 1));
  const x = array(floats(1, m * n, 4), [m, n]);
  return computed((x, target) => nn.logSoftmax(x, 1).mul(target).sum(1).mul(-1), x, array(hot, [m, n]));
}

const pooledAlong = (x, g) => nn.relu(pool(x)).mul(g).sum();

function pooling({ op, batch: n, channels, size }) {
  const x = array(floats(1, n * channels * size * size), [n, channels, size, size]);
  if (op === "maxPoolRelu") return computed((x) => nn.relu(pool(x)), x);
  const half = size / 2;
  const g = array(floats(2, n * channels * half * half), [n, channels, half, half]);
  return computed(
    (x, g) => {
      const [value, gradient] = valueAndGrad(pooledAlong)(x, g);
      value.dispose();
      return gradient;
    },
    x,
    g,
  );
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
