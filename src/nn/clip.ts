// Gradients held to a length, over all of an optimiser's blocks together.
import { mul } from "../autograd/ops/arithmetic.ts";
import { sum } from "../autograd/ops/sum.ts";
import { noGrad } from "../autograd/op.ts";
import { scope } from "../autograd/tensor.ts";
import { Around } from "./around.ts";
import type { Rated } from "./optimizers.ts";
import type { Parameters } from "./parameters.ts";

/** The Euclidean norm of the gradient of the last backward(), over all blocks. */
export function gradientNorm(blocks: readonly Parameters[]): number {
  const squares = blocks.map(({ gradient }) => {
    if (!gradient) throw new TypeError("clip: got a frozen block, which has no gradient; leave it out");
    return scope(() => noGrad(() => sum(mul(gradient, gradient)).item()));
  });
  return Math.sqrt(squares.reduce((total, one) => total + one, 0));
}

/** Shortens the gradient to `norm` if it is longer, as torch.nn.utils.clip_grad_norm_ does. */
export function clipGradient(blocks: readonly Parameters[], norm: number): void {
  if (!(norm > 0)) throw new RangeError(`clip: got norm ${norm}, expected a number above 0`);
  const length = gradientNorm(blocks);
  if (length > norm) for (const block of blocks) block.scaleGradient(norm / (length + 1e-6));
}

/** An optimiser that shortens the gradient before each of its steps. */
export class Clipped extends Around {
  readonly #blocks: readonly Parameters[];
  readonly #norm: number;

  constructor(inner: Rated, blocks: readonly Parameters[], norm: number) {
    if (!(norm > 0)) throw new RangeError(`clip: got norm ${norm}, expected a number above 0`);
    super(inner);
    this.#blocks = blocks;
    this.#norm = norm;
  }

  /** Shortens gradients to the norm, then steps. */
  override step(): void {
    clipGradient(this.#blocks, this.#norm);
    this.inner.step();
  }
}
