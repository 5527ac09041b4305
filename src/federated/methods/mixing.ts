// A model between two others: a v + (1 - a) w, and a step of its loss for each of them.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { copyInto } from "../../autograd/ops/copy.ts";
import { sum } from "../../autograd/ops/sum.ts";
import { sub } from "../../autograd/ops/arithmetic.ts";
import { scope } from "../../autograd/tensor.ts";
import type { Net } from "../../nn/net.ts";
import { type At, type Kit } from "../kit.ts";

/** A net that stands between those of v and w, which it reads and never changes. */
export class Mixing {
  /** Where it stands. */
  readonly net: Net;
  readonly #kit: Kit;
  readonly #v: Net;
  readonly #w: Net;

  constructor(kit: Kit, v: Net, w: Net) {
    [this.#kit, this.#v, this.#w] = [kit, v, w];
    this.net = kit.net();
  }

  /** Puts the model at a v + (1 - a) w; at 0 it is `w` and at 1 it is `v`, to the bit. */
  place(a: number): void {
    scope(() =>
      noGrad(() => {
        const [v, w] = [this.#v.parameters.values, this.#w.parameters.values];
        const mixed = a === 0 ? w : a === 1 ? v : add(mul(v, a), mul(w, 1 - a));
        copyInto(this.net.parameters.values, mixed);
      }),
    );
  }

  /**
   * The model's mean loss on a batch where it stands; its gradient goes to `to`, `times` as long. With `slope`, also the
   * derivative of the loss by a: the gradient along v - w.
   */
  push(at: At, to: Net, times: number): { loss: number; slope: number } {
    let slope = 0;
    const loss = this.#kit.step(at, {
      loss: this.#kit.loss(this.net),
      correct: () => {
        const gradient = this.net.parameters.gradient!;
        slope = scope(() =>
          noGrad(() => sum(mul(sub(this.#v.parameters.values, this.#w.parameters.values), gradient)).item()),
        );
        to.parameters.addGradient(gradient, times);
        this.net.parameters.spendGradient();
      },
    });
    return { loss, slope };
  }
}
