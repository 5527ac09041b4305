// numpy-ts: NumPy's functions on Zig kernels in WebAssembly. No gradients, no convolutions, no softmax.
import * as np from "numpy-ts";
import { floats } from "../data.ts";
import { serve } from "../protocol.ts";

const array = (data, shape) => np.array(data).reshape(...shape);

function computed(fn, ...held) {
  return {
    run: () => fn().dispose?.(),
    check: () => {
      const found = fn();
      return typeof found === "number" ? [found] : Array.from(found.flatten().data);
    },
    dispose: () => {
      for (const t of held) t.dispose();
    },
  };
}

function matmul({ m, n, k, transA, transB }) {
  const a = array(floats(1, m * k), transA ? [k, m] : [m, k]);
  const b = array(floats(2, k * n), transB ? [n, k] : [k, n]);
  return computed(() => np.matmul(transA ? a.T : a, transB ? b.T : b), a, b);
}

function rows({ op, rows: m, cols: n }) {
  const x = array(floats(1, m * n, 4), [m, n]);
  const other = array(floats(2, m * n, 4), [m, n]);
  const fn = {
    exp: () => np.exp(x),
    relu: () => np.maximum(x, 0),
    add: () => np.add(x, other),
    mul: () => np.multiply(x, other),
    sum: () => np.sum(x),
    sumRows: () => np.sum(x, 1),
    sumColumns: () => np.sum(x, 0),
  }[op];
  if (!fn) throw new Error(`numpy-ts: nothing of its own for ${op}`);
  return computed(fn, x, other);
}

await serve(({ task }) => (task.op === "matmul" ? matmul(task) : rows(task)));
