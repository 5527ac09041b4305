// Gradients held element by element.
import { noGrad } from "../autograd/op.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { clip } from "../autograd/ops/select.ts";
import { scope } from "../autograd/tensor.ts";
import { Around } from "./around.ts";
import type { Rated } from "./optimizers.ts";
import type { Parameters } from "./parameters.ts";

/** Brings every element of the gradient into [-most, most], as torch.nn.utils.clip_grad_value_ does. */
export function clipGradientValues(blocks: readonly Parameters[], most: number): void {
  if (!(most > 0)) throw new RangeError(`clip: got value ${most}, expected a number above 0`);
  for (const { gradient } of blocks) {
    if (!gradient) throw new TypeError("clip: got a frozen block, which has no gradient; leave it out");
    scope(() => noGrad(() => copyInto(gradient, clip(gradient, { low: -most, high: most }))));
  }
}

/** An optimiser that clips the gradient's elements before each of its steps. */
export class ValueClipped extends Around {
  readonly #blocks: readonly Parameters[];
  readonly #most: number;

  constructor(inner: Rated, blocks: readonly Parameters[], most: number) {
    if (!(most > 0)) throw new RangeError(`clip: got value ${most}, expected a number above 0`);
    super(inner);
    this.#blocks = blocks;
    this.#most = most;
  }

  /** Holds the gradients' elements, then steps. */
  override step(): void {
    clipGradientValues(this.#blocks, this.#most);
    this.inner.step();
  }
}
