// Optimisers over flat parameter blocks: one kernel call per block and step.
import { adamInto, adamRowsInto, sgdInto } from "../autograd/ops/update.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { BELOW_ONE, checkNames, checkOptions, FINITE, NOT_NEGATIVE } from "../runtime/options.ts";
import { Block, type Run } from "./block.ts";
import type { Parameters, Part } from "./parameters.ts";

/** What moves parameters along their gradients. */
export interface Optimizer {
  /** Moves the parameters that the last backward() reached along its gradients, which are spent with it. */
  step(): void;
  /** Forgets moments and step count, as a new optimiser would begin. */
  reset(): void;
  /** Frees its memory now rather than when it is collected. */
  dispose(): void;
}

/** An optimiser with one rate, which a schedule may change between steps. */
export interface Rated extends Optimizer {
  /** The rate of the steps to come. */
  lr: number;
}

/** What is the same in all of moiety's optimisers: blocks of parameters, moments beside them, and a rate. */
export abstract class Blocks implements Rated {
  #lr = 0;
  readonly #name: string;
  /** The blocks of parameters that it moves, with what it remembers of them. */
  readonly blocks: readonly Block[];

  /**
   * @param name in whose name errors speak
   * @param moments how many vectors of a block's size it keeps
   * @param only moves only these parameters; all of them unless said
   */
  constructor(
    name: string,
    parameters: readonly Parameters[] | Parameters,
    moments: number,
    lr: number,
    only: Part | undefined,
  ) {
    this.#name = name;
    this.lr = lr;
    const list = "values" in parameters && "specs" in parameters ? [parameters] : parameters;
    this.blocks = list.map((block) => new Block(block, moments, only));
  }

  /** One kernel call: a run of neighbours that are as many steps old. */
  protected abstract move(run: Run, lr: number): void;

  /** The rate of the steps to come: a schedule may change it between them. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    checkOptions(this.#name, { lr }, RATE);
    this.#lr = lr;
  }

  step(): void {
    for (const block of this.blocks) for (const run of block.takeStep()) this.move(run, this.#lr);
  }

  reset(): void {
    for (const block of this.blocks) block.reset();
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    for (const block of this.blocks) block.dispose();
  }
}

/** Of Adam; defaults are PyTorch's. */
export interface AdamOptions {
  /** The learning rate. */
  readonly lr?: number;
  /** Shares of what is remembered in the first and the second moment, each in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Added to what is divided by. */
  readonly eps?: number;
  /** L2 in the gradient. */
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
export class Adam extends Blocks {
  readonly #options: Required<Omit<AdamOptions, "lr" | "only">>;
  readonly #power1: Powers;
  readonly #power2: Powers;

  constructor(parameters: readonly Parameters[] | Parameters, options: AdamOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, decoupled = false } = options;
    const [beta1, beta2] = betas;
    checkNames("Adam", options, "lr betas eps weightDecay decoupled only");
    checkOptions("Adam", { beta1, beta2, eps, weightDecay }, ADAM);
    super("Adam", parameters, 2, lr, options.only);
    this.#options = { betas, eps, weightDecay, decoupled };
    [this.#power1, this.#power2] = [new Powers(beta1), new Powers(beta2)];
  }

  protected override move({ steps, w, g, moments, rows }: Run, lr: number): void {
    // spelled out: spreading objects costs as much as everything else around a small step
    const { betas, eps, weightDecay, decoupled } = this.#options;
    const [beta1, beta2] = betas;
    const [m, v] = moments as readonly [Tensor, Tensor];
    const correction1 = 1 - this.#power1.to(steps);
    const correction2 = 1 - this.#power2.to(steps);
    const step = { lr, beta1, beta2, eps, weightDecay, decoupled, correction1, correction2 };
    if (rows) adamRowsInto(w, g, m, v, rows, step);
    else adamInto(w, g, m, v, step);
  }
}

/** Powers of a number as a product of it grows, which is the same in every engine; Math.pow is not. */
export class Powers {
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

/** Of SGD; defaults are PyTorch's. */
export interface SgdOptions {
  /** The learning rate. */
  readonly lr?: number;
  /** The share of the last step in the next one; 0 is none. */
  readonly momentum?: number;
  /** The share of a gradient that does not go into the momentum. */
  readonly dampening?: number;
  /** L2 in the gradient. */
  readonly weightDecay?: number;
  /** Whether a step looks ahead along its momentum. */
  readonly nesterov?: boolean;
  /** Moves only these parameters; all of them unless said. */
  readonly only?: Part;
}

/** Stochastic gradient descent with PyTorch's momentum. A parameter that the loss did not reach does not move. */
export class SGD extends Blocks {
  readonly #options: Required<Omit<SgdOptions, "lr" | "only">>;

  constructor(parameters: readonly Parameters[] | Parameters, options: SgdOptions = {}) {
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    checkNames("SGD", options, "lr momentum dampening weightDecay nesterov only");
    checkOptions("SGD", { momentum, dampening, weightDecay }, SGD_OPTIONS);
    super("SGD", parameters, momentum === 0 ? 0 : 1, lr, options.only);
    this.#options = { momentum, dampening, weightDecay, nesterov };
  }

  protected override move({ steps, w, g, moments }: Run, lr: number): void {
    const { momentum, dampening, weightDecay, nesterov } = this.#options;
    // PyTorch begins with velocity = gradient, undampened
    const step = { lr, momentum, dampening: steps === 1 ? 0 : dampening, weightDecay, nesterov };
    sgdInto(w, g, moments[0] ?? null, step);
  }
}
