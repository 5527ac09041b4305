// Weights averaged over the steps: what is asked, where what steps goes on.
import { addInto } from "../autograd/ops/add.ts";
import { copyInto } from "../autograd/ops/copy.ts";
import { persistent, scope, type Tensor } from "../autograd/tensor.ts";
import { noGrad } from "../autograd/op.ts";
import { affine } from "../autograd/ops/arithmetic.ts";
import { BELOW_ONE, checkOptions } from "../runtime/options.ts";
import { Around } from "./around.ts";
import type { Rated } from "./optimizers.ts";
import type { Parameters } from "./parameters.ts";
import { type Memories, remembered } from "./state.ts";

/**
 * Keeps the exponential moving average of a block, statistics with it: after each of the inner optimiser's steps
 * average = decay average + (1 - decay) weights, beginning with the weights that it finds (Polyak & Juditsky 1992; as torch's
 * AveragedModel with an exponential rule).
 */
export class Averaged extends Around {
  readonly #parameters: Parameters;
  readonly #decay: number;
  readonly #average: Tensor<"f32">;

  constructor(inner: Rated, parameters: Parameters, { decay = 0.999 }: { decay?: number } = {}) {
    checkOptions("Averaged", { decay }, { decay: BELOW_ONE });
    super(inner);
    this.#parameters = parameters;
    this.#decay = decay;
    this.#average = persistent([parameters.size]);
    copyInto(this.#average, parameters.values);
  }

  /** Steps, then takes the weights into the average. */
  override step(): void {
    this.inner.step();
    const average = this.#average;
    scope(() => noGrad(() => copyInto(average, affine(average, this.#decay, 0))));
    addInto(average, this.#parameters.values, 1 - this.#decay);
  }

  /** A copy of the averaged weights, flat: `net.clone({ group }).parameters.copyFrom(averaged.weights())` asks them. */
  weights(): Float32Array {
    return this.#average.toArray();
  }

  /** The inner optimiser's, and the averages. */
  override memory(): Memories {
    return [...super.memory(), ["average", remembered(this.#average)]];
  }

  /** As a new one: the average begins again with the weights as they are. */
  override reset(): void {
    copyInto(this.#average, this.#parameters.values);
    super.reset();
  }

  /** Frees its memory now rather than when it is collected. */
  override dispose(): void {
    this.#average.dispose();
    super.dispose();
  }
}
