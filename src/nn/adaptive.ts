// Optimisers beyond Adam and SGD, with the arithmetic and the defaults of torch.optim; their kernels are in the second module. In
// all of them a parameter that the loss did not reach does not move, and what is remembered of it waits.
import { adagradInto, amsgradInto, lionInto, rmspropInto } from "../autograd/ops/updates.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { BELOW_ONE, checkNames, checkOptions, NOT_NEGATIVE } from "../runtime/options.ts";
import type { Run } from "./block.ts";
import { Blocks, Powers } from "./optimizers.ts";
import type { Parameters, Part } from "./parameters.ts";

type Of = readonly Parameters[] | Parameters;

/** What every optimiser takes. */
interface Common {
  /** The rate of the steps to come. */
  readonly lr?: number;
  /** L2 in the gradient; Lion's is taken off the weights. */
  readonly weightDecay?: number;
  /** Moves only these parameters; all of them unless said. */
  readonly only?: Part;
}

/** Of RMSprop; defaults are PyTorch's. */
export interface RmspropOptions extends Common {
  /** The share of what is remembered of squares, in [0, 1). */
  readonly alpha?: number;
  /** Added to what is divided by. */
  readonly eps?: number;
  /** The share of the last step in the next one; 0 is none. */
  readonly momentum?: number;
  /** Divides by the gradient's spread about its mean instead of its size. */
  readonly centered?: boolean;
}

/** RMSprop (Tieleman & Hinton 2012, lecture 6.5): steps divided by the root of a running mean of squares. */
export class RMSprop extends Blocks {
  readonly #options: Required<Omit<RmspropOptions, "lr" | "only">>;

  constructor(parameters: Of, options: RmspropOptions = {}) {
    const { lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false } = options;
    const rules = { alpha: BELOW_ONE, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE, momentum: NOT_NEGATIVE };
    checkNames("RMSprop", options, "lr alpha eps weightDecay momentum centered only");
    checkOptions("RMSprop", { alpha, eps, weightDecay, momentum }, rules);
    super("RMSprop", parameters, 1 + Number(centered) + Number(momentum !== 0), lr, options.only);
    this.#options = { alpha, eps, weightDecay, momentum, centered };
  }

  protected override move({ w, g, moments }: Run, lr: number): void {
    const { centered, momentum, ...step } = this.#options;
    const [square] = moments as readonly [Tensor];
    const mean = centered ? moments[1]! : null;
    const velocity = momentum === 0 ? null : moments.at(-1)!;
    rmspropInto(w, g, { square, mean, velocity }, { lr, momentum, ...step });
  }
}

/** Of Adagrad; defaults are PyTorch's. */
export interface AdagradOptions extends Common {
  /** The rate of step t, which counts from 1, is lr / (1 + (t - 1) lrDecay). */
  readonly lrDecay?: number;
  /** Added to what is divided by. */
  readonly eps?: number;
}

/** Adagrad (Duchi, Hazan & Singer 2011): steps divided by the root of the sum of all squares. */
export class Adagrad extends Blocks {
  readonly #options: Required<Omit<AdagradOptions, "lr" | "only">>;

  constructor(parameters: Of, options: AdagradOptions = {}) {
    const { lr = 1e-2, lrDecay = 0, eps = 1e-10, weightDecay = 0 } = options;
    const rules = { lrDecay: NOT_NEGATIVE, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE };
    checkNames("Adagrad", options, "lr lrDecay eps weightDecay only");
    checkOptions("Adagrad", { lrDecay, eps, weightDecay }, rules);
    super("Adagrad", parameters, 1, lr, options.only);
    this.#options = { lrDecay, eps, weightDecay };
  }

  protected override move({ steps, w, g, moments }: Run, lr: number): void {
    const { lrDecay, eps, weightDecay } = this.#options;
    adagradInto(w, g, moments[0]!, { lr: lr / (1 + (steps - 1) * lrDecay), eps, weightDecay });
  }
}

/** Of AMSGrad; defaults are PyTorch's. */
export interface AmsgradOptions extends Common {
  /** Shares of what is remembered in the first and the second moment, each in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Added to what is divided by. */
  readonly eps?: number;
}

/** AMSGrad (Reddi, Kale & Kumar 2018; torch.optim.Adam with amsgrad): Adam divided by the largest second moment so far. */
export class AMSGrad extends Blocks {
  readonly #options: Required<Omit<AmsgradOptions, "lr" | "only">>;
  readonly #power1: Powers;
  readonly #power2: Powers;

  constructor(parameters: Of, options: AmsgradOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    const [beta1, beta2] = betas;
    const rules = { beta1: BELOW_ONE, beta2: BELOW_ONE, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE };
    checkNames("AMSGrad", options, "lr betas eps weightDecay only");
    checkOptions("AMSGrad", { beta1, beta2, eps, weightDecay }, rules);
    super("AMSGrad", parameters, 3, lr, options.only);
    this.#options = { betas, eps, weightDecay };
    [this.#power1, this.#power2] = [new Powers(beta1), new Powers(beta2)];
  }

  protected override move({ steps, w, g, moments }: Run, lr: number): void {
    const { betas, eps, weightDecay } = this.#options;
    const [beta1, beta2] = betas;
    const [correction1, correction2] = [1 - this.#power1.to(steps), 1 - this.#power2.to(steps)];
    const of = moments as readonly [Tensor, Tensor, Tensor];
    amsgradInto(w, g, of, { lr, beta1, beta2, eps, weightDecay, correction1, correction2 });
  }
}

/** Of Lion; defaults are the paper's. */
export interface LionOptions extends Common {
  /** Shares of what is remembered in the first and the second moment, each in [0, 1). */
  readonly betas?: readonly [number, number];
}

/** Lion (Chen et al. 2023, arXiv 2302.06675): steps of one size in every weight, along the sign of a momentum. */
export class Lion extends Blocks {
  readonly #betas: readonly [number, number];
  readonly #weightDecay: number;

  constructor(parameters: Of, options: LionOptions = {}) {
    const { lr = 1e-4, betas = [0.9, 0.99], weightDecay = 0 } = options;
    const [beta1, beta2] = betas;
    checkNames("Lion", options, "lr betas weightDecay only");
    checkOptions(
      "Lion",
      { beta1, beta2, weightDecay },
      { beta1: BELOW_ONE, beta2: BELOW_ONE, weightDecay: NOT_NEGATIVE },
    );
    super("Lion", parameters, 1, lr, options.only);
    [this.#betas, this.#weightDecay] = [betas, weightDecay];
  }

  protected override move({ w, g, moments }: Run, lr: number): void {
    const [beta1, beta2] = this.#betas;
    lionInto(w, g, moments[0]!, { lr, beta1, beta2, weightDecay: this.#weightDecay });
  }
}
