// A gate over experts that sees what a common model, which stands still, makes of an input.
import { exp } from "../../autograd/ops/unary.ts";
import { concat, slice } from "../../autograd/ops/slice.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { Linear } from "../../nn/layers.ts";
import type { Net } from "../../nn/net.ts";
import { predictSteps } from "../../nn/predict.ts";
import type { Steps } from "../../runtime/steps.ts";
import type { Kit } from "../kit.ts";
import type { Vector } from "../method.ts";
import { meanRow } from "../statistics.ts";

/** A linear gate on the features of a common model's body: nets that are given what they hold by `load`. */
export class CommonGate {
  /** The net of the gate, which a method's optimiser moves. */
  readonly gate: Net;
  readonly #body: Net;
  readonly #experts: number;

  constructor(kit: Kit, experts: number) {
    this.#experts = experts;
    this.#body = kit.net(kit.parts.body, { trainable: false });
    this.gate = kit.net(CommonGate.module(kit, experts));
  }

  /** From features to a logit for each expert. */
  static module({ features }: Kit, experts: number): Linear {
    return new Linear(features, experts);
  }

  /** @param common a whole model, whose body is looked at */
  load(common: Vector, gate: Vector): void {
    this.#body.parameters.copyFrom(common.subarray(0, this.#body.parameters.size));
    this.gate.parameters.copyFrom(gate);
  }

  /** Logarithms of the weights of some of the experts, [rows, some], with the gate's history. */
  logWeights(x: Tensor, some: readonly number[]): Tensor {
    const all = this.gate.forward(this.#body.predict(x));
    return logSoftmax(
      concat(
        some.map((e) => slice(all, { axis: 1, from: e, to: e + 1 })),
        1,
      ),
    );
  }

  /** The mean weight of every expert over some rows, [experts], 1 in all; zeros without rows. */
  *scores(rows: Examples): Steps<Float64Array> {
    const [gate, body, experts] = [this.gate, this.#body, this.#experts];
    const weights = yield* predictSteps(rows, experts, (x) => exp(logSoftmax(gate.predict(body.predict(x)))));
    const found = meanRow(weights.toArray(), experts);
    weights.dispose();
    return found;
  }
}
