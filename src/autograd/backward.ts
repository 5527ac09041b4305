// Reverse mode: from one output back through the history, each op once, newest first.
import { add, addInto } from "./ops/add.ts";
import { copyInto } from "./ops/copy.ts";
import { fillInto, zeros } from "./ops/fill.ts";
import { sumTo } from "./ops/sum.ts";
import { type Inputs, setRecording } from "./op.ts";
import { formatShape, sameShape } from "./shape.ts";
import { empty, type Tensor } from "./tensor.ts";

let walk = 0;

// creation order is a topological order, so sorting what can be reached by id is enough
function reachable(root: Tensor): Tensor[] {
  const mark = ++walk;
  const found: Tensor[] = [root];
  root.visited = mark;
  for (let i = 0; i < found.length; i++) {
    const { op, inputs } = found[i]!;
    if (!op) continue;
    for (let j = 0; j < inputs.length; j++) {
      const input = inputs[j];
      if (input && input.requiresGrad && input.visited !== mark) {
        input.visited = mark;
        found.push(input);
      }
    }
  }
  return found.sort((a, b) => b.id - a.id);
}

interface Mutable {
  x: Inputs;
  y: Tensor;
  attrs: unknown;
  out: Tensor | undefined;
}

// the first contribution to a parameter's slot replaces what is there, later ones are added
function settle(leaf: Tensor, slot: Tensor, gx: Tensor): void {
  if (leaf.grad) addInto(slot, gx);
  else if (gx !== slot) copyInto(slot, gx);
  leaf.grad = slot;
}

function sweep(root: Tensor, seed: Tensor, slots: boolean): void {
  const order = reachable(root);
  if (slots) for (const t of order) t.grad = null;
  root.pending = seed;
  const context: Mutable = { x: [], y: root, attrs: undefined, out: undefined };
  for (const y of order) {
    let g = y.pending;
    if (!g) continue;
    if (!y.op) {
      // a leaf without a slot keeps the tensor; in grad() the caller collects it
      if (slots) {
        y.grad = g;
        y.pending = null;
      }
      continue;
    }
    y.pending = null;
    const { op, inputs, attrs } = y;
    context.x = inputs;
    context.y = y;
    context.attrs = attrs;
    context.out = undefined;
    if (op.through) g = op.through(g, context);
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i];
      if (!input || !input.requiresGrad) continue;
      const rule = op.vjp[i];
      if (!rule) continue;
      const slot = slots ? input.slot : null;
      context.out = slot && !input.grad ? slot : undefined;
      let gx = rule(g, context);
      if (gx.shape !== input.shape && !sameShape(gx.shape, input.shape)) gx = sumTo(gx, input.shape);
      if (slot) settle(input, slot, gx);
      else input.pending = input.pending ? add(input.pending, gx) : gx;
    }
  }
}

function seedFor(name: string, y: Tensor): Tensor {
  if (y.size !== 1) throw new RangeError(`${name}: a scalar is expected, got shape ${formatShape(y.shape)}; sum or average it first`);
  if (!y.requiresGrad) throw new Error(`${name}: the tensor does not depend on anything that requires a gradient`);
  return fillInto(empty(y.shape), 1);
}

/**
 * Gradients of a scalar with respect to every leaf it was computed from, written over `leaf.grad` (earlier contents are
 * replaced, not added to). A parameter's slot in its model's flat gradient is used if it has one.
 */
export function backward(y: Tensor): void {
  const before = setRecording(false);
  try {
    const seed = seedFor("backward", y);
    sweep(y, seed, true);
  } finally {
    setRecording(before);
  }
}

/**
 * Gradients of a scalar with respect to `inputs`, in their order; `leaf.grad` is not touched.
 * @param createGraph record the computation, so that the gradients can be differentiated again
 */
export function grad(y: Tensor, inputs: readonly Tensor[], { createGraph = false }: { createGraph?: boolean } = {}): Tensor[] {
  const before = setRecording(createGraph);
  try {
    const seed = seedFor("grad", y);
    const kept = new Map<Tensor, AnyHistory>();
    // an input that came out of an op is a leaf for this purpose
    for (const input of inputs) kept.set(input, { op: input.op, inputs: input.inputs });
    for (const input of inputs) input.op = null;
    try {
      sweep(y, seed, false);
    } finally {
      for (const [input, history] of kept) Object.assign(input, history);
    }
    return inputs.map((input) => {
      const g = input.pending ?? zeros(input.shape);
      input.pending = null;
      return g;
    });
  } finally {
    for (const t of reachable(y)) t.pending = null;
    setRecording(before);
  }
}

type AnyHistory = Pick<Tensor, "op" | "inputs">;
