// Optimisers over flat parameter blocks: one kernel call per block and step.
import { fillInto } from "../autograd/ops/fill.ts";
import { adamInto, adamRowsInto, sgdInto } from "../autograd/ops/update.ts";
import { persistent, type Tensor, view } from "../autograd/tensor.ts";
import type { Parameters, Part } from "./parameters.ts";

export interface Optimizer {
  /** Moves the parameters along the gradients of the last backward(). */
  step(): void;
  /** Forgets moments and step count, as a new optimiser would begin. */
  reset(): void;
  dispose(): void;
}

interface Block {
  readonly parameters: Parameters;
  readonly moments: readonly Tensor[];
}

function blocks(of: readonly Parameters[], moments: number): Block[] {
  return of.map((parameters) => {
    if (!parameters.gradient)
      throw new TypeError("optimizer: the parameters are frozen; make them trainable or leave them out");
    const made = Array.from({ length: moments }, () => fillInto(persistent([parameters.size]), 0));
    return { parameters, moments: made };
  });
}

/** An optimiser with one rate, which a schedule may change between steps. */
export interface Rated extends Optimizer {
  /** The rate of the steps to come. */
  lr: number;
}

/** Parameters that the loss did not reach have gradient 0, not the gradient of an earlier step; the next step's begin anew. */
function consume({ tensors }: Parameters): void {
  for (let i = 0; i < tensors.length; i++) {
    const t = tensors[i]!;
    if (t.grad === null && t.slot) fillInto(t.slot, 0);
    t.grad = null;
  }
}

function listOf(parameters: readonly Parameters[] | Parameters): readonly Parameters[] {
  return "values" in parameters && "specs" in parameters ? [parameters] : parameters;
}

function clear(blocks: readonly Block[]): void {
  for (const { moments } of blocks) for (const moment of moments) fillInto(moment, 0);
}

/** What one kernel call takes: neighbouring parameters, or a table by itself. */
interface Piece {
  readonly w: Tensor;
  readonly g: Tensor;
  /** Adam's m and v, SGD's velocity if it has one. */
  readonly moments: readonly Tensor[];
  /** Of a table: which rows have a gradient now, and which have had one since the moments were cleared. */
  readonly rows: { readonly touched: Tensor; readonly live: Tensor } | null;
}

// statistics and what the optimiser is not to move are left out
function pieces({ parameters, moments }: Block, only: Part = () => true, tables = true): Piece[] {
  const { values, gradient, tensors, specs } = parameters;
  const made: Piece[] = [];
  const add = (from: number, to: number, touched?: Tensor): void => {
    if (from === to) return;
    const [w, g, ...rest] = [values, gradient!, ...moments].map((t) => view(t, from, [to - from])) as [
      Tensor,
      Tensor,
      ...Tensor[],
    ];
    const rows = touched ? { touched, live: persistent(touched.shape, "i32") } : null;
    made.push({ w, g, moments: rest, rows });
  };
  let [from, at] = [0, 0];
  for (const [i, { size, slot }] of tensors.entries()) {
    const moves = slot !== null && only(specs[i]!.name);
    const touched = tables ? slot?.touched : null;
    if (!moves || touched) {
      add(from, at);
      if (moves) add(at, at + size, touched!);
      from = at + size;
    }
    at += size;
  }
  add(from, at);
  return made;
}

export interface AdamOptions {
  readonly lr?: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly weightDecay?: number;
  /** AdamW instead of L2 in the gradient. */
  readonly decoupled?: boolean;
  /** Moves only these parameters; all of them unless said. */
  readonly only?: Part;
}

/**
 * Adam (Kingma & Ba 2015) with PyTorch's defaults and arithmetic. A table's rows cost nothing before their first gradient,
 * with which dense Adam would not move them either.
 */
export class Adam implements Rated {
  /** The rate of the steps to come: a schedule may change it between them. */
  lr: number;
  readonly #blocks: readonly Block[];
  readonly #pieces: readonly Piece[];
  readonly #options: Required<Omit<AdamOptions, "lr" | "only">>;
  // running powers: Math.pow differs between engines
  #power1 = 1;
  #power2 = 1;

  constructor(parameters: readonly Parameters[] | Parameters, options: AdamOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, decoupled = false } = options;
    this.lr = lr;
    this.#options = { betas, eps, weightDecay, decoupled };
    this.#blocks = blocks(listOf(parameters), 2);
    this.#pieces = this.#blocks.flatMap((block) => pieces(block, options.only));
    this.#forgetRows();
  }

  step(): void {
    const { lr } = this;
    const { betas, eps, weightDecay, decoupled } = this.#options;
    const [beta1, beta2] = betas;
    this.#power1 *= beta1;
    this.#power2 *= beta2;
    const [correction1, correction2] = [1 - this.#power1, 1 - this.#power2];
    const step = { lr, beta1, beta2, eps, weightDecay, correction1, correction2, decoupled };
    for (const { parameters } of this.#blocks) consume(parameters);
    for (const { w, g, moments, rows } of this.#pieces) {
      const [m, v] = moments as [Tensor, Tensor];
      if (rows) adamRowsInto(w, g, m, v, rows, step);
      else adamInto(w, g, m, v, step);
    }
  }

  reset(): void {
    this.#power1 = this.#power2 = 1;
    clear(this.#blocks);
    this.#forgetRows();
  }

  #forgetRows(): void {
    for (const { rows } of this.#pieces) rows?.live.set(new Int32Array(rows.live.size));
  }

  dispose(): void {
    for (const { moments } of this.#blocks) for (const moment of moments) moment.dispose();
    for (const { rows } of this.#pieces) rows?.live.dispose();
  }
}

export interface SgdOptions {
  readonly lr?: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
  /** Moves only these parameters; all of them unless said. */
  readonly only?: Part;
}

/** Stochastic gradient descent with PyTorch's momentum. */
export class SGD implements Rated {
  /** The rate of the steps to come: a schedule may change it between them. */
  lr: number;
  readonly #blocks: readonly Block[];
  readonly #pieces: readonly Piece[];
  readonly #options: Required<Omit<SgdOptions, "lr" | "only">>;
  #first = true;

  constructor(parameters: readonly Parameters[] | Parameters, options: SgdOptions = {}) {
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    this.lr = lr;
    this.#options = { momentum, dampening, weightDecay, nesterov };
    this.#blocks = blocks(listOf(parameters), momentum === 0 ? 0 : 1);
    this.#pieces = this.#blocks.flatMap((block) => pieces(block, options.only, false));
  }

  step(): void {
    const { lr } = this;
    // PyTorch begins with velocity = gradient, undampened
    const options = this.#first ? { ...this.#options, lr, dampening: 0 } : { ...this.#options, lr };
    this.#first = false;
    for (const { parameters } of this.#blocks) consume(parameters);
    for (const { w, g, moments } of this.#pieces) sgdInto(w, g, moments[0] ?? null, options);
  }

  reset(): void {
    this.#first = true;
    clear(this.#blocks);
  }

  dispose(): void {
    for (const { moments } of this.#blocks) for (const moment of moments) moment.dispose();
  }
}

/** Several optimisers as one, for blocks that learn at rates of their own. */
export class Together implements Optimizer {
  readonly #parts: readonly Optimizer[];

  constructor(parts: readonly Optimizer[]) {
    this.#parts = parts;
  }

  step(): void {
    for (const part of this.#parts) part.step();
  }

  reset(): void {
    for (const part of this.#parts) part.reset();
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }
}
