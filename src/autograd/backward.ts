// Reverse mode: from one output back through the history, each op once, newest first.
import { add, addInto } from "./ops/add.ts";
import { copy, copyInto } from "./ops/copy.ts";
import { clearSlot, touchAll } from "./ops/embedding.ts";
import { fillInto, zeros } from "./ops/fill.ts";
import { sumTo } from "./ops/sum.ts";
import { type Inputs, setRecording } from "./op.ts";
import { formatShape, sameShape } from "./shape.ts";
import { checkOpen, empty, named, setOverwritten, type Tensor } from "./tensor.ts";

let walk = 0;

// creation order is a topological order: what can be reached, newest first, and what has no history behind it
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
  return inOrder(found);
}

// a chain is found newest first but for its leaves, which may stand anywhere behind: mostly nothing is left to sort
function inOrder(found: Tensor[]): Tensor[] {
  const leaves: Tensor[] = [];
  let results = 0;
  let sorted = true;
  for (let i = 0; i < found.length; i++) {
    const t = found[i]!;
    if (t.op) {
      if (results > 0 && found[results - 1]!.id < t.id) sorted = false;
      found[results++] = t;
    } else leaves.push(t);
  }
  if (!sorted) {
    found.length = results;
    found.sort((a, b) => b.id - a.id);
  }
  for (let i = 0; i < leaves.length; i++) found[results + i] = leaves[i]!;
  return found;
}

interface Mutable {
  x: Inputs;
  y: Tensor;
  attrs: unknown;
  out: Tensor | undefined;
}

// the first contribution to a parameter's slot replaces what is there, later ones are added
function settle(leaf: Tensor, slot: Tensor<"f32">, gx: Tensor): void {
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

// what a node's rules may not read: memory it was computed from, or lies in, that has been written over since
function overwrittenSince(y: Tensor): Tensor[] | null {
  const { id, inputs } = y;
  let found: Tensor[] | null = null;
  for (let i = -1; i < inputs.length; i++) {
    const t = i < 0 ? y : inputs[i];
    if (!t) continue;
    const memory = t.base ?? t;
    if (memory.written > id) (found ??= []).push(memory);
  }
  return found;
}

/** Gradients as they are given away: none shares its memory with another one, or with what was there before the sweep. */
class Given {
  // most sweeps give to slots alone
  #memory: Set<Tensor> | undefined;
  readonly #since: number;

  constructor(since: number) {
    this.#since = since;
  }

  own(g: Tensor): Tensor<"f32"> {
    const memory = g.base ?? g;
    const before = (this.#memory ??= new Set());
    const mine = memory.id > this.#since && !before.has(memory) ? (g as Tensor<"f32">) : copy(g);
    before.add(mine.base ?? mine);
    return mine;
  }
}

// sweeps under way: a gradient rule may take gradients itself
let depth = 0;

// without a quest gradients go to the leaves: into their slots, or kept as `grad`
function sweep(order: readonly Tensor[], seed: Tensor, quest?: Quest): void {
  // what an outer sweep has on its way stays on its way; what one that ended in an error has left goes
  const outer = depth > 0 ? order.map(({ pending }) => pending) : null;
  for (const t of order) t.pending = null;
  depth++;
  const before = setOverwritten(null);
  try {
    walkBack(order, seed, quest);
  } finally {
    setOverwritten(before);
    depth--;
    if (outer) order.forEach((t, i) => (t.pending = outer[i]!));
  }
}

function walkBack(order: readonly Tensor[], seed: Tensor, quest?: Quest): void {
  const root = order[0]!;
  const leading = quest && leadingTo(quest.wanted, order);
  const given = new Given(root.id);
  root.pending = seed;
  const context: Mutable = { x: [], y: root, attrs: undefined, out: undefined };
  for (const y of order) {
    let g = y.pending;
    if (!g) continue;
    y.pending = null;
    if (quest?.wanted.has(y)) quest.found.set(y, g);
    if (!y.op) {
      if (!quest) y.grad = given.own(g);
      continue;
    }
    const { op, inputs, attrs } = y;
    const memory = overwrittenSince(y);
    if (memory) setOverwritten({ op: op.name, memory });
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
      checkOpen(gx);
      if (gx.shape !== input.shape && !sameShape(gx.shape, input.shape)) gx = sumTo(gx, input.shape);
      if (slot) settle(input, slot, gx);
      else input.pending = input.pending ? add(input.pending, gx) : gx;
    }
    if (memory) setOverwritten(null);
  }
}

function seedFor(name: string, y: Tensor): Tensor<"f32"> {
  if (y.size !== 1)
    throw new RangeError(`${name}: a scalar is expected, got shape ${formatShape(y.shape)}; sum or average it first`);
  if (!y.requiresGrad) throw new Error(`${name}: the tensor does not depend on anything that requires a gradient`);
  return fillInto(empty(y.shape), 1);
}

/** Sweeps of backward() so far. */
let sweeps = 0;

/** How often backward() has run: whoever keeps gradients can tell whether they are those of the last one. */
export function sweepsSoFar(): number {
  return sweeps;
}

/**
 * Gradients of a scalar with respect to every leaf it was computed from, written over `leaf.grad` (earlier contents are
 * replaced, not added to). A parameter's slot in its model's flat gradient is used if it has one; parameters of that model
 * that the scalar does not depend on have `grad` null and zeros in their slots afterwards.
 */
export function backward(y: Tensor): void {
  if (depth > 0)
    throw new Error("backward: called by a gradient rule, it would replace gradients under way; call grad() there");
  const seed = seedFor("backward", y);
  const order = reachable(y);
  // the parameters of each model that is reached
  const models: (readonly Tensor[])[] = [];
  for (const leaf of order) {
    if (leaf.op) continue;
    leaf.grad = null;
    if (!leaf.slot) continue;
    const model = leaf.siblings ?? [leaf];
    if (!models.includes(model)) models.push(model);
  }
  for (const model of models) for (const parameter of model) parameter.grad = null;
  const before = setRecording(false);
  let complete = false;
  try {
    sweep(order, seed);
    complete = true;
  } finally {
    setRecording(before);
    // half of a gradient is none
    if (!complete) {
      for (const t of order) t.grad = null;
      for (const model of models) for (const parameter of model) parameter.grad = null;
    }
    // what the scalar does not depend on has gradient 0
    for (const model of models) for (const { grad, slot } of model) if (grad === null) clearSlot(slot!);
    sweeps++;
  }
}

/**
 * Gradients of a scalar with respect to `inputs`, in their order; `leaf.grad` is not touched. An input may be a result as
 * well as a leaf, and inputs may depend on each other. Zeros where the scalar does not depend on an input. No two of them
 * share memory.
 * @param createGraph record the computation, so that the gradients can be differentiated again
 */
export function grad(
  y: Tensor,
  inputs: readonly Tensor[],
  { createGraph = false }: { createGraph?: boolean } = {},
): Tensor<"f32">[] {
  const deaf = inputs.findIndex((input) => !input.requiresGrad);
  if (deaf >= 0)
    throw new Error(
      `grad: input ${deaf}, ${named(inputs[deaf]!)}, does not require a gradient; set requiresGrad before it is used`,
    );
  const before = setRecording(createGraph);
  try {
    const found = new Map<Tensor, Tensor>();
    const given = new Given(y.id);
    const seed = seedFor("grad", y);
    sweep(reachable(y), seed, { wanted: new Set(inputs), found });
    return inputs.map((input) => given.own(found.get(input) ?? zeros(input.shape)));
  } finally {
    setRecording(before);
  }
}
