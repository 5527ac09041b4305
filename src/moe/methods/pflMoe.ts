// PFL-MoE (Guo et al. 2020): a quarter of a client's rows is kept for the gate, the head learns from the others, and a gate on the
// features of the federation's body weighs the two models' logits.
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { neg } from "../../autograd/ops/arithmetic.ts";
import { sigmoid } from "../../autograd/ops/activation.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { Linear } from "../../nn/layers.ts";
import { Net } from "../../nn/net.ts";
import { fold, Stream } from "../../runtime/random.ts";
import { trainAloneSteps } from "../alone.ts";
import { gateWeights } from "../evaluate.ts";
import { trainGateOver } from "../gateOver.ts";
import { personal, type Personal } from "../personal.ts";
import { headOf } from "./finetuned.ts";

/** Logits weighed by a gate: h for the client's and 1 - h for the federation's. A row's constant, by which log-probabilities differ, drops out. */
export function mixedLogits(mine: Tensor, shared: Tensor, z: Tensor): Tensor {
  return logSoftmax(add(mul(mine, sigmoid(z)), mul(shared, sigmoid(neg(z)))));
}

export const pflMoe: Personal = personal({
  name: "pflMoe",
  paper: "arXiv 2012.15589",
  about:
    "a head of the client's own and the federation's model, whose logits a gate weighs that learns on rows kept back",
  // `share` of the training rows is the gate's alone
  options: ({ training: { lr, epochs } }) => ({ of: "generalist", share: 0.25, lr, epochs }),
  ranges: { share: { min: 0.01, max: 0.99 }, lr: { min: 0 }, epochs: { min: 0, whole: true } },
  *make(desk, { of, share, lr, epochs }, name) {
    const general = yield* desk.of(of);
    const { train } = desk.own;
    const order = new Stream(fold(desk.key, "pflMoe", "rows")).shuffle(Int32Array.from({ length: train.count }, (_, i) => i)); // prettier-ignore
    const cut = Math.round(share * train.count);
    const [gated, learnt] = [order.slice(0, cut), order.slice(cut)];
    const net = desk.copyOf(general, name);
    const only = headOf(net, name);
    const training = { ...desk.settings.training, lr, epochs };
    const key = fold(desk.key, "pflMoe");
    const fit = yield* trainAloneSteps(net, desk.own, training, fold(key, "head"), undefined, { only, rows: learnt });
    const mine = desk.expert(net);
    const { body: module, head } = net.module.split!();
    const body = desk.kept.add(new Net(module, { group: "private", trainable: false }));
    body.parameters.copyFrom(net.parameters.toArray().subarray(0, body.parameters.size));
    const width = head.specs[0]!.shape.at(-1)!;
    const sees = desk.outputs(body, width);
    const gate = desk.kept.add(new Net(new Linear(width, 1), { group: "private" })).init(fold(key, "gate"));
    const mix = ([of, shared]: readonly Tensor[], z: Tensor): Tensor => mixedLogits(of!, shared!, z);
    yield* trainGateOver(
      { gate, parts: [mine, general], sees, mix, rows: gated },
      desk.own,
      training,
      fold(key, "fit"),
    );
    const z = desk.combined([sees], (features) => gate.predict(features!));
    return desk.combined([mine, general, z], (of, shared, at) => mixedLogits(of!, shared!, at!), {
      fit,
      specialist: mine,
      nets: { model: net, gate },
      weights: (examples: Examples) => gateWeights(z.on(examples)),
    });
  },
});
