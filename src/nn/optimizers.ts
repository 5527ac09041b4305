// Optimisers over flat parameter blocks: one kernel call per block and step.
import { fillInto } from "../autograd/ops/fill.ts";
import { adamInto, adamRowsInto, sgdInto } from "../autograd/ops/update.ts";
import { checkOpen, persistent, type Tensor, view } from "../autograd/tensor.ts";
import { BELOW_ONE, checkOptions, FINITE, NOT_NEGATIVE } from "../runtime/options.ts";
import type { Parameters, Part } from "./parameters.ts";

export interface Optimizer {
  /** Moves the parameters that the last backward() reached along its gradients, which are spent with it. */
  step(): void;
  /** Forgets moments and step count, as a new optimiser would begin. */
  reset(): void;
  dispose(): void;
}

/** An optimiser with one rate, which a schedule may change between steps. */
export interface Rated extends Optimizer {
  /** The rate of the steps to come. */
  lr: number;
}

/** What an optimiser keeps of a model: vectors in the layout of its state, and how often each parameter has moved. */
class Block {
  readonly parameters: Parameters;
  readonly moments: readonly Tensor[];
  /** Steps of each parameter since the moments were cleared. */
  readonly steps: number[];
  readonly #moves: readonly boolean[];
  readonly #offsets: readonly number[];
  readonly #runs = new Map<number, Run>();
  // of the step under way: no step makes an array
  readonly #now: Run[] = [];

  /** @param only what it is to move; statistics never */
  constructor(parameters: Parameters, moments: number, only: Part = () => true) {
    if (!parameters.gradient)
      throw new TypeError("optimizer: the parameters are frozen; make them trainable or leave them out");
    this.parameters = parameters;
    this.moments = Array.from({ length: moments }, () => fillInto(persistent([parameters.size]), 0));
    this.steps = parameters.tensors.map(() => 0);
    this.#moves = parameters.tensors.map(({ slot }, i) => slot !== null && only(parameters.specs[i]!.name));
    let at = 0;
    this.#offsets = [0, ...parameters.tensors.map(({ size }) => (at += size))];
  }

  /** The runs of neighbours that the loss has reached and that are as many steps old, one step older now. */
  takeStep(): readonly Run[] {
    const { tensors, values } = this.parameters;
    checkOpen(values);
    this.#now.length = 0;
    for (let from = 0, to = 0; from < tensors.length; from = to) {
      to = from + 1;
      if (!this.#reached(from)) continue;
      const steps = this.steps[from]! + 1;
      // a table is a run by itself: it is moved by rows
      if (tensors[from]!.slot!.touched === null)
        for (; to < tensors.length && this.#reached(to) && tensors[to]!.slot!.touched === null; to++)
          if (this.steps[to] !== steps - 1) break;
      this.steps.fill(steps, from, to);
      const run = this.#run(from, to);
      run.steps = steps;
      this.#now.push(run);
    }
    this.parameters.spendGradient(this.#moves);
    return this.#now;
  }

  #reached(at: number): boolean {
    return this.#moves[at]! && this.parameters.tensors[at]!.grad !== null;
  }

  // mostly the whole state, again and again
  #run(from: number, to: number): Run {
    const at = from * this.#offsets.length + to;
    const known = this.#runs.get(at);
    if (known) return known;
    const [first, size] = [this.#offsets[from]!, this.#offsets[to]! - this.#offsets[from]!];
    const part = (of: Tensor): Tensor => view(of, first, [size]);
    // only Adam, which has two moments, moves rows
    const touched = this.moments.length === 2 ? this.parameters.tensors[from]!.slot!.touched : null;
    const run: Run = {
      steps: 0,
      w: part(this.parameters.values),
      g: part(this.parameters.gradient!),
      moments: this.moments.map(part),
      rows: touched && { touched, live: persistent(touched.shape, "i32").set(new Int32Array(touched.size)) },
    };
    this.#runs.set(at, run);
    return run;
  }

  /** Forgets moments and steps. */
  reset(): void {
    for (const moment of this.moments) fillInto(moment, 0);
    this.steps.fill(0);
    for (const { rows } of this.#runs.values()) rows?.live.set(new Int32Array(rows.live.size));
  }

  dispose(): void {
    for (const moment of this.moments) moment.dispose();
    for (const { rows } of this.#runs.values()) rows?.live.dispose();
  }
}

/** What one kernel call moves: neighbouring parameters, or a table by itself. */
interface Run {
  /** This one included. */
  steps: number;
  readonly w: Tensor;
  readonly g: Tensor;
  readonly moments: readonly Tensor[];
  /** Of a table: which rows have a gradient now, and which have had one since the moments were cleared. */
  readonly rows: { readonly touched: Tensor; readonly live: Tensor } | null;
}

function blocksOf(parameters: readonly Parameters[] | Parameters, moments: number, only?: Part): Block[] {
  const list = "values" in parameters && "specs" in parameters ? [parameters] : parameters;
  return list.map((block) => new Block(block, moments, only));
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
 * Adam (Kingma & Ba 2015) with PyTorch's defaults and arithmetic. A parameter that the loss did not reach does not move,
 * and its moments wait. A table's rows cost nothing before their first gradient, with which dense Adam would not move them
 * either.
 */
export class Adam implements Rated {
  #lr = 0;
  readonly #blocks: readonly Block[];
  readonly #options: Required<Omit<AdamOptions, "lr" | "only">>;
  readonly #power1: Powers;
  readonly #power2: Powers;

  constructor(parameters: readonly Parameters[] | Parameters, options: AdamOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, decoupled = false } = options;
    const [beta1, beta2] = betas;
    this.lr = lr;
    checkOptions("Adam", { beta1, beta2, eps, weightDecay }, ADAM);
    this.#options = { betas, eps, weightDecay, decoupled };
    [this.#power1, this.#power2] = [new Powers(beta1), new Powers(beta2)];
    this.#blocks = blocksOf(parameters, 2, options.only);
  }

  /** The rate of the steps to come: a schedule may change it between them. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    checkOptions("Adam", { lr }, RATE);
    this.#lr = lr;
  }

  step(): void {
    // spelled out: spreading objects costs as much as everything else around a small step
    const { betas, eps, weightDecay, decoupled } = this.#options;
    const [beta1, beta2] = betas;
    const lr = this.#lr;
    for (const block of this.#blocks)
      for (const { steps, w, g, moments, rows } of block.takeStep()) {
        const [m, v] = moments as readonly [Tensor, Tensor];
        const correction1 = 1 - this.#power1.to(steps);
        const correction2 = 1 - this.#power2.to(steps);
        const step = { lr, beta1, beta2, eps, weightDecay, decoupled, correction1, correction2 };
        if (rows) adamRowsInto(w, g, m, v, rows, step);
        else adamInto(w, g, m, v, step);
      }
  }

  reset(): void {
    for (const block of this.#blocks) block.reset();
  }

  dispose(): void {
    for (const block of this.#blocks) block.dispose();
  }
}

/** Powers of a number as a product of it grows, which is the same in every engine; Math.pow is not. */
class Powers {
  readonly #base: number;
  #exponent = 0;
  #power = 1;

  constructor(base: number) {
    this.#base = base;
  }

  to(exponent: number): number {
    if (exponent < this.#exponent) [this.#exponent, this.#power] = [0, 1];
    for (; this.#exponent < exponent; this.#exponent++) this.#power *= this.#base;
    return this.#power;
  }
}

const RATE = { lr: NOT_NEGATIVE };
const ADAM = { beta1: BELOW_ONE, beta2: BELOW_ONE, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE };
const SGD_OPTIONS = { momentum: NOT_NEGATIVE, dampening: FINITE, weightDecay: NOT_NEGATIVE };

export interface SgdOptions {
  readonly lr?: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
  /** Moves only these parameters; all of them unless said. */
  readonly only?: Part;
}

/** Stochastic gradient descent with PyTorch's momentum. A parameter that the loss did not reach does not move. */
export class SGD implements Rated {
  #lr = 0;
  readonly #blocks: readonly Block[];
  readonly #options: Required<Omit<SgdOptions, "lr" | "only">>;

  constructor(parameters: readonly Parameters[] | Parameters, options: SgdOptions = {}) {
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    this.lr = lr;
    checkOptions("SGD", { momentum, dampening, weightDecay }, SGD_OPTIONS);
    this.#options = { momentum, dampening, weightDecay, nesterov };
    this.#blocks = blocksOf(parameters, momentum === 0 ? 0 : 1, options.only);
  }

  /** The rate of the steps to come: a schedule may change it between them. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    checkOptions("SGD", { lr }, RATE);
    this.#lr = lr;
  }

  step(): void {
    const { momentum, dampening, weightDecay, nesterov } = this.#options;
    const lr = this.#lr;
    for (const block of this.#blocks)
      for (const { steps, w, g, moments } of block.takeStep()) {
        // PyTorch begins with velocity = gradient, undampened
        const step = { lr, momentum, dampening: steps === 1 ? 0 : dampening, weightDecay, nesterov };
        sgdInto(w, g, moments[0] ?? null, step);
      }
  }

  reset(): void {
    for (const block of this.#blocks) block.reset();
  }

  dispose(): void {
    for (const block of this.#blocks) block.dispose();
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
