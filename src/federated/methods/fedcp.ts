// FedCP (Zhang et al. 2023): a gate parts every feature between the shared head, which stands still while a client trains, and
// the client's own; features are held to those of the body as it came.
import { relu, sigmoid } from "../../autograd/ops/activation.ts";
import { add } from "../../autograd/ops/add.ts";
import { mul, sub } from "../../autograd/ops/arithmetic.ts";
import { crossEntropy } from "../../autograd/ops/nll.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { noGrad } from "../../autograd/op.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { Linear } from "../../nn/layers.ts";
import { Apply, EVALUATE, type Mode, Sequential } from "../../nn/module.ts";
import { LayerNorm } from "../../nn/norm.ts";
import { fold } from "../../runtime/random.ts";
import { method, type Method, type Turn, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { between, normOf } from "../vectors.ts";
import { discrepancy } from "./discrepancy.ts";
import { gumbels } from "./gumbels.ts";

/** The client's condition, [features]: the rows of its head's weights [classes, features] summed over classes, at length 1. */
export function conditionOf(head: Vector, features: number, classes: number): Vector {
  const summed = new Float64Array(features);
  for (let i = 0; i < features * classes; i++) summed[i % features]! += head[i]!;
  const length = Math.max(normOf(summed), 1e-12);
  return summed.map((value) => value / length);
}

type Shared = "body" | "head" | "gate";

export const fedcp: Method = method({
  name: "fedcp",
  paper: "arXiv 2307.01217",
  about:
    "a gate parts every feature between the shared head and the client's own, by what the feature and the client are",
  needsClasses: true,
  // `lambda` holds features to those of the body as it came; with `noise` the gate draws while it trains
  options: { lambda: 5, noise: true as boolean },
  ranges: { lambda: { min: 0 } },
  sends: ["body", "head", "gate"],
  keeps: ["own"],
  client: (kit, { lambda, noise }) => {
    const { features, classes } = kit;
    const { body, head: own } = kit.pair();
    const before = kit.net(kit.parts.body, { trainable: false });
    const shared = kit.net(kit.parts.head, { trainable: false });
    const policy = new Sequential({
      fc: new Linear(features, 2 * features),
      norm: new LayerNorm(2 * features),
      relu: new Apply(relu),
    });
    const gate = kit.net(policy);
    const optimizer = kit.optimizer([body.parameters, own.parameters, gate.parameters]);
    const answer = (z: Tensor, under: Vector, mode: Mode): Tensor => {
      const both = gate.forward(mul(z, tensor(under, [1, features])), mode);
      const part = (from: number): Tensor => slice(both, { axis: 1, from, to: from + features });
      let logit = sub(part(0), part(features));
      if (mode.train && noise) {
        logit = add(logit, gumbels(z.shape, fold(mode.key, "gate")));
      }
      const mine = mul(z, sigmoid(logit));
      return add(own.forward(mine, mode), shared.forward(sub(z, mine), mode));
    };
    const load = ({ down, kept }: Turn<Shared, "own">): Vector => {
      body.parameters.copyFrom(down.body);
      before.parameters.copyFrom(down.body);
      shared.parameters.copyFrom(down.head);
      gate.parameters.copyFrom(down.gate);
      own.parameters.copyFrom(kept.own ?? kit.initialParts.head);
      return conditionOf(own.parameters.toArray(), features, classes);
    };
    return {
      initial: () => ({ ...(kit.initialParts as { body: Vector; head: Vector }), gate: kit.first(policy, "gate") }),
      *train(turn) {
        const under = load(turn);
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          const fit = mean(crossEntropy(answer(z, under, mode), labels));
          return lambda === 0
            ? fit
            : add(
                fit,
                mul(
                  discrepancy(
                    z,
                    noGrad(() => before.forward(x, mode)),
                  ),
                  lambda,
                ),
              );
        };
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        const head = own.parameters.toArray();
        const up = {
          body: body.parameters.toArray(),
          head: between(turn.down.head, head, 0.5),
          gate: gate.parameters.toArray(),
        };
        return { up, kept: { own: head }, metrics: { trainLoss } };
      },
      answers(turn) {
        const under = load(turn);
        return { own: (x) => noGrad(() => logSoftmax(answer(body.predict(x), under, EVALUATE))) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model, features }) => {
    const all = model + 2 * features * (features + 3);
    return { down: all, up: all };
  },
  presets: {
    library: { options: { lambda: 5 }, optimizer: { kind: "sgd", lr: 0.005 }, note: "PFLlib, with a CNN" },
    safe: {},
  },
});
