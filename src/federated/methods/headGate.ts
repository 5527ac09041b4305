// A gate over heads on one body's features, which a client learns by itself when all training is over: over its own head, and others'
// that its rows have a low energy in.
import { mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { slice, stack } from "../../autograd/ops/slice.ts";
import { logSoftmax, softmax } from "../../autograd/ops/softmax.ts";
import { mean, sum } from "../../autograd/ops/sum.ts";
import { noGrad } from "../../autograd/op.ts";
import { scope, type Tensor } from "../../autograd/tensor.ts";
import { FloatExamples } from "../../nn/examples.ts";
import { Linear } from "../../nn/layers.ts";
import { EVALUATE, type Mode, Sequential } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import type { Rated } from "../../nn/optimizers.ts";
import { predictSteps } from "../../nn/predict.ts";
import { validationSteps } from "../../nn/validate.ts";
import type { Steps } from "../../runtime/steps.ts";
import type { Kit } from "../kit.ts";
import type { Answer, Turn, Vector } from "../method.ts";
import { energyOf } from "./energy.ts";

export interface HeadGateOptions {
  /** How many others' heads at most. */
  readonly experts: number;
  /** Width of the gate's inner layer. */
  readonly hidden: number;
  /** Passes over the client's training rows. */
  readonly epochs: number;
  /** Adam's rate. */
  readonly rate: number;
}

/** A net for the gate and nets for as many heads as it may weigh; what is learnt in a turn is overwritten by the next one. */
export class HeadGate {
  readonly #kit: Kit;
  readonly #options: HeadGateOptions;
  readonly #body: Net;
  readonly #heads: readonly Net[];
  readonly #gate: Net;
  readonly #optimizer: Rated;

  constructor(kit: Kit, options: HeadGateOptions) {
    const { features, classes } = kit;
    const { experts, hidden, rate } = options;
    [this.#kit, this.#options] = [kit, options];
    this.#body = kit.net(kit.parts.body, { trainable: false });
    const heads = Array.from({ length: experts + 1 }, () => new Linear(features, classes));
    this.#heads = heads.map((head) => kit.net(head, { trainable: false }));
    const [fc1, fc2] = [new Linear(features, hidden, { relu: true }), new Linear(hidden, experts + 1)];
    this.#gate = kit.net(new Sequential({ fc1, fc2 }));
    this.#optimizer = kit.optimizer(this.#gate.parameters, { kind: "adam", lr: rate });
  }

  /**
   * Learns on the client's training rows, and keeps the epoch whose loss was lowest on its validation rows, or on the training rows
   * where it has none.
   * @param own the client's head, flat; `others`, of which those with low energy are taken, likewise
   * @returns log-probabilities [rows, classes] of sum_k g_k(z) logits_k(z) with z the body's features
   */
  *learn(turn: Turn, body: Vector, own: Vector, others: readonly Vector[]): Steps<Answer> {
    const { train, validation } = turn.own;
    const { features, classes } = this.#kit;
    const gate = this.#gate.parameters;
    this.#body.parameters.copyFrom(body);
    const z = yield* predictSteps(train, features, (x) => this.#body.predict(x));
    const count = this.#choose(z, own, others);
    const rows = new FloatExamples(z, train.labels);
    try {
      gate.copyFrom(this.#kit.first(this.#gate.module, "gate"));
      const answer: Answer = (x) => noGrad(() => this.#mixed(this.#body.predict(x), count, EVALUATE));
      let best = { loss: Infinity, gate: gate.toArray() };
      this.#kit.begin(turn, this.#optimizer);
      for (let epoch = 0; epoch < this.#options.epochs; epoch++) {
        for (const at of this.#kit.batches(turn, { examples: rows, epochs: 1, stream: `gate ${epoch}` })) {
          this.#kit.step(at, {
            loss: ({ x, labels }, mode) => mean(nll(this.#mixed(x, count, mode), labels)),
            optimizer: this.#optimizer,
          });
          yield;
        }
        const held = validation.count > 0 ? validation : train;
        const { loss } = yield* validationSteps({ predict: answer }, held, classes);
        if (loss < best.loss) best = { loss, gate: gate.toArray() };
      }
      gate.copyFrom(best.gate);
      return answer;
    } finally {
      rows.dispose();
      z.dispose();
    }
  }

  // the own head first, then others by their energy; says how many there are
  #choose(z: Tensor, own: Vector, others: readonly Vector[]): number {
    const [trial] = this.#heads as readonly [Net];
    const known = others.map((vector) => {
      trial.parameters.copyFrom(vector);
      return { vector, energy: energyOf(scope(() => trial.predict(z).toArray()), this.#kit.classes) }; // prettier-ignore
    });
    const low = known.toSorted((a, b) => a.energy - b.energy).slice(0, this.#options.experts);
    const chosen = [own, ...low.map(({ vector }) => vector)];
    chosen.forEach((vector, k) => this.#heads[k]!.parameters.copyFrom(vector));
    return chosen.length;
  }

  // logits of the first heads, weighed by the gate
  #mixed(z: Tensor, count: number, mode: Mode): Tensor {
    const heads = this.#heads.slice(0, count).map((head) => head.predict(z));
    const weights = softmax(slice(this.#gate.forward(z, mode), { axis: 1, to: count }));
    return logSoftmax(sum(mul(stack(heads, 1), reshape(weights, [-1, count, 1])), { axis: 1 }));
  }
}
