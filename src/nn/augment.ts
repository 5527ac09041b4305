// Inputs changed on their way into training, by random numbers with addresses: what a batch becomes depends on its step alone, so
// that training goes on to the bit. Nothing changes where nothing is learnt: validation and answers see examples as they are.
import { add } from "../autograd/ops/add.ts";
import { normalInto } from "../autograd/ops/fill.ts";
import { where } from "../autograd/ops/select.ts";
import { slice, stack } from "../autograd/ops/slice.ts";
import { flip, pad } from "../autograd/ops/strided.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { noGrad } from "../autograd/op.ts";
import { formatShape, type Shape } from "../autograd/shape.ts";
import { empty, type Tensor, tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT, NOT_NEGATIVE } from "../runtime/options.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import type { Batch, Examples } from "./examples.ts";
import type { RowGroups } from "./groupGaps.ts";
import type { Mode } from "./module.ts";

/** From a batch's inputs [rows, ...] and the address of its random numbers to inputs of the same kind. */
export type Augment = (x: Tensor, key: Key) => Tensor<"f32">;

/** Examples whose inputs are changed in training. They stay their owner's. */
export class Augmented implements Examples {
  readonly #of: Examples;
  readonly #augment: Augment;

  // batches of their own, where the examples have them
  readonly epoch?: () => readonly Int32Array[];
  readonly answering?: () => readonly Int32Array[];

  constructor(of: Examples, augment: Augment) {
    this.#of = of;
    this.#augment = augment;
    if (of.epoch) this.epoch = () => of.epoch!();
    if (of.answering) this.answering = () => of.answering!();
  }

  /** How many examples there are. */
  get count(): number {
    return this.#of.count;
  }

  get labels(): ArrayLike<number> {
    return this.#of.labels;
  }

  get groups(): RowGroups | undefined {
    return this.#of.groups;
  }

  batch(rows: Tensor, mode?: Mode): Batch {
    const batch = this.#of.batch(rows, mode);
    if (!mode?.train) return batch;
    return { ...batch, x: noGrad(() => this.#augment(batch.x, fold(mode.key, "augment"))) };
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    this.#of.dispose();
  }
}

const none = [0, 0] as const;

/** One after another, with random numbers of their own. */
export function inTurn(...steps: readonly Augment[]): Augment {
  return (x, key) => steps.reduce((y, step, i) => step(y, fold(key, i)), x as Tensor<"f32">);
}

/** Mirrors images, or whatever has a last axis, left to right with probability p each. */
export function flipped(p = 0.5): Augment {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`flipped: p, got ${p}, expected 0 to 1`);
  return (x, key) => {
    const stream = new Stream(key);
    const turned = Array.from({ length: x.shape[0]! }, () => (stream.uniform() < p ? 1 : 0));
    const each = tensor(turned, [x.shape[0]!, ...x.shape.slice(1).map(() => 1)]);
    return where(each, flip(x, x.shape.length - 1), x);
  };
}

/** Moves images [rows, channels, h, w] by up to `most` pixels along both axes, each by its own; zeros come in from the edges. */
export function cropped(most: number): Augment {
  checkOptions("cropped", { most }, { most: COUNT });
  return (x, key) => {
    if (x.shape.length !== 4)
      throw new RangeError(`cropped: inputs, got ${formatShape(x.shape)}, expected [rows,channels,h,w]`);
    const [rows, channels, h, w] = x.shape as Shape as readonly [number, number, number, number];
    const stream = new Stream(key);
    const wide = pad(x, [none, none, [most, most], [most, most]]);
    const moved = Array.from({ length: rows }, (_, row) => {
      const [down, right] = [stream.below(2 * most + 1), stream.below(2 * most + 1)];
      const image = slice(wide, { axis: 0, from: row, to: row + 1 });
      const band = slice(image, { axis: 2, from: down, to: down + h });
      return reshape(slice(band, { axis: 3, from: right, to: right + w }), [channels, h, w]);
    });
    return stack(moved);
  };
}

/** Adds normal numbers with mean 0 to every input. */
export function noisy(std: number): Augment {
  checkOptions("noisy", { std }, { std: NOT_NEGATIVE });
  return (x, key) => add(x, normalInto(empty([...x.shape]), 0, std, key));
}
