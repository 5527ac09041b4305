// The active party: it has the labels, mostly columns of its own, a gate that says from those which parties are asked of a row, and
// the head over what they answer. Whom the gate does not choose is not asked, so that it costs neither work nor bytes.
import { backward } from "../../autograd/backward.ts";
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { affine, mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { scatterAdd, take } from "../../autograd/ops/take.ts";
import { scope, type Tensor, tensor } from "../../autograd/tensor.ts";
import { switchBalance } from "../../nn/balance.ts";
import type { Batch, Examples } from "../../nn/examples.ts";
import { EVALUATE, type Mode, type Module } from "../../nn/module.ts";
import { noisyLogits, topKWeights } from "../../nn/routing.ts";
import { fold } from "../../runtime/random.ts";
import type { Vector } from "../turn.ts";
import type { VerticalOptions } from "./declaration.ts";
import type { Embeddings, Places } from "./exchange.ts";
import { Learner, type Learning } from "./learner.ts";
import type { Split } from "./party.ts";

/** What the active party has. */
export interface ActiveOptions extends Learning, Pick<VerticalOptions, "k" | "width" | "noise" | "balance"> {
  /** Its own columns, and the labels. */
  readonly examples: Readonly<Record<Split, Examples>>;
  /** From its columns to an embedding [rows, width]; none where it has no columns. */
  readonly own?: Module | undefined;
  /** From its columns to a logit for each party; without one all are asked of every row, and their embeddings are summed. */
  readonly gate?: Module | undefined;
  /** From embeddings [rows, width] to log-probabilities. */
  readonly head: Module;
  readonly parties: number;
}

export class Active {
  readonly learner: Learner<"own" | "gate" | "head">;
  readonly #options: ActiveOptions;

  constructor(options: ActiveOptions) {
    const { own, gate, head } = options;
    this.#options = options;
    this.learner = new Learner({ ...(own && { own }), ...(gate && { gate }), head }, options);
  }

  get examples(): ActiveOptions["examples"] {
    return this.#options.examples;
  }

  /** Who is asked for which rows of a batch. */
  choose(split: Split, rows: Tensor, mode: Mode): Places {
    const { parties, k } = this.#options;
    const all = Int32Array.from({ length: k === 0 ? 0 : rows.size }, (_, i) => i);
    return scope(() =>
      noGrad(() => {
        const weights = this.#route(this.examples[split].batch(rows, mode), mode)?.weights.toArray();
        return Array.from({ length: parties }, (_, p) => all.filter((i) => !weights || weights[i * parties + p]! > 0));
      }),
    );
  }

  /** A step on what the parties answered; the mean loss, and the gradients of their embeddings, which are for them. */
  learn(rows: Tensor, mode: Mode, places: Places, embeddings: Embeddings): { loss: number; gradients: Embeddings } {
    const { balance, k } = this.#options;
    return scope(() => {
      const batch = this.examples.train.batch(rows, mode);
      const leaves = this.#tensors(places, embeddings);
      for (const leaf of leaves) if (leaf) leaf.requiresGrad = true;
      const { logp, logits } = this.#forward(batch, mode, places, leaves);
      const loss = mean(nll(logp, batch.labels));
      backward(logits && balance > 0 ? add(loss, affine(switchBalance(logits, k), balance, 0)) : loss);
      this.learner.optimizer.step();
      return { loss: loss.item(), gradients: leaves.map((leaf) => leaf?.grad?.toArray() as Vector | undefined) };
    });
  }

  /** Log-probabilities [rows, classes] of rows to answer. */
  answer(rows: Tensor, places: Places, embeddings: Embeddings): Float32Array {
    return scope(() =>
      noGrad(() => {
        const given = this.#tensors(places, embeddings);
        return this.#forward(this.examples.test.batch(rows), EVALUATE, places, given).logp.toArray();
      }),
    );
  }

  #tensors(places: Places, embeddings: Embeddings): (Tensor | undefined)[] {
    return embeddings.map((values, p) => values && tensor(values, [places[p]!.length, this.#options.width]));
  }

  #route({ x }: Batch, mode: Mode): { logits: Tensor; weights: Tensor } | undefined {
    const { k, noise } = this.#options;
    const { gate } = this.learner.nets;
    if (!gate || k === 0) return undefined;
    const clean = gate.forward(x, mode);
    const logits = mode.train && noise > 0 ? noisyLogits(clean, tensor(noise), fold(mode.key, "route")) : clean;
    return { logits, weights: topKWeights(logits, k) };
  }

  #forward(
    batch: Batch,
    mode: Mode,
    places: Places,
    embeddings: readonly (Tensor | undefined)[],
  ): { logp: Tensor<"f32">; logits: Tensor | undefined } {
    const { own, head } = this.learner.nets;
    const routed = this.#route(batch, mode);
    let z: Tensor | undefined = own?.forward(batch.x, mode);
    embeddings.forEach((e, p) => {
      if (!e) return;
      const at = tensor(places[p]!, [e.shape[0]!], "i32");
      const weight = routed && take(slice(routed.weights, { axis: 1, from: p, to: p + 1 }), at);
      const part = weight ? mul(e, weight) : e;
      const placed = e.shape[0] === batch.rows.size ? part : scatterAdd(part, at, batch.rows.size);
      z = z ? add(z, placed) : placed;
    });
    if (!z) throw new RangeError("vertical: k, got 0 where the label holder has no columns, expected 1 or more");
    return { logp: head!.forward(z, mode), logits: routed?.logits };
  }
}
