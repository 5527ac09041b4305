// Reverse mode: from one output back through the history, each op once, newest first.
import { add, addInto } from "./ops/add.ts";
import { copyInto } from "./ops/copy.ts";
import { touchAll } from "./ops/embedding.ts";
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
  if (gx !== slot) touchAll(slot);
  leaf.grad = slot;
}

/** Where a sweep is to go: only towards `wanted`, whose gradients it leaves in `found`. */
interface Quest {
  readonly wanted: ReadonlySet<Tensor>;
  readonly found: Map<Tensor, Tensor>;
}

// which of `order` (newest first) depend on a wanted tensor, those included
function leadingTo(wanted: ReadonlySet<Tensor>, order: readonly Tensor[]): Set<Tensor> {
  const leading = new Set(wanted);
  for (let i = order.length - 1; i >= 0; i--) {
    const { inputs } = order[i]!;
    if (inputs.some((input) => input && leading.has(input))) leading.add(order[i]!);
  }
  return leading;
}

// without a quest gradients go to the leaves: into their slots, or kept as `grad`
function sweep(root: Tensor, seed: Tensor, quest?: Quest): void {
  const order = reachable(root);
  const leading = quest && leadingTo(quest.wanted, order);
  for (const t of order) {
    // a sweep that ended in an error may have left something
    t.pending = null;
    if (!quest) t.grad = null;
  }
  root.pending = seed;
  const context: Mutable = { x: [], y: root, attrs: undefined, out: undefined };
  for (const y of order) {
    let g = y.pending;
    if (!g) continue;
    y.pending = null;
    if (quest?.wanted.has(y)) quest.found.set(y, g);
    if (!y.op) {
      if (!quest) y.grad = g;
      continue;
    }
    const { op, inputs, attrs } = y;
    context.x = inputs;
    context.y = y;
    context.attrs = attrs;
    context.out = undefined;
    if (op.through) g = op.through(g, context);
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i];
      if (!input || !input.requiresGrad || (leading && !leading.has(input))) continue;
      const rule = op.vjp[i];
      if (!rule) continue;
      const slot = quest ? null : input.slot;
      context.out = slot && !input.grad ? slot : undefined;
      let gx = rule(g, context);
      if (gx.shape !== input.shape && !sameShape(gx.shape, input.shape)) gx = sumTo(gx, input.shape);
      if (slot) settle(input, slot, gx);
      else input.pending = input.pending ? add(input.pending, gx) : gx;
    }
  }
}

function seedFor(name: string, y: Tensor): Tensor {
  if (y.size !== 1)
    throw new RangeError(`${name}: a scalar is expected, got shape ${formatShape(y.shape)}; sum or average it first`);
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
    sweep(y, seedFor("backward", y));
  } finally {
    setRecording(before);
  }
}

/**
 * Gradients of a scalar with respect to `inputs`, in their order; `leaf.grad` is not touched. An input may be a result as
 * well as a leaf, and inputs may depend on each other. Zeros where the scalar does not depend on an input.
 * @param createGraph record the computation, so that the gradients can be differentiated again
 */
export function grad(
  y: Tensor,
  inputs: readonly Tensor[],
  { createGraph = false }: { createGraph?: boolean } = {},
): Tensor[] {
  const deaf = inputs.findIndex((input) => !input.requiresGrad);
  if (deaf >= 0)
    throw new Error(
      `grad: input ${deaf}, ${inputs[deaf]}, does not require a gradient; set requiresGrad before it is used`,
    );
  const before = setRecording(createGraph);
  try {
    const found = new Map<Tensor, Tensor>();
    sweep(y, seedFor("grad", y), { wanted: new Set(inputs), found });
    return inputs.map((input) => found.get(input) ?? zeros(input.shape));
  } finally {
    setRecording(before);
  }
}
