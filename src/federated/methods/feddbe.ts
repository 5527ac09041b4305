// FedDBE (Zhang et al. 2023): what a client's features have by themselves is taken out of the shared model into a bias of its
// own, and their mean is held to that of everybody's.
import { add } from "../../autograd/ops/add.ts";
import { mul, sub } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { square } from "../../autograd/ops/unary.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { constant } from "../../nn/init.ts";
import type { Module } from "../../nn/module.ts";
import { predictSteps } from "../../nn/predict.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Turn, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { meanRow } from "../statistics.ts";

/** x + b. */
const bias = (width: number): Module => ({
  specs: [{ name: "bias", shape: [1, width], init: constant(0) }],
  bind:
    ([b]) =>
    (x) =>
      add(x, b!),
});

export const feddbe: Method = method({
  name: "feddbe",
  paper: "arXiv 2311.14975",
  about: "a bias of each client's features stays with it, and the mean of features is held to everybody's",
  needsClasses: true,
  // `warm` rounds that only measure the mean; `weight` of holding to it; with `bias` false it is left out
  options: { weight: 1, warm: 1, bias: true as boolean },
  ranges: { weight: { min: 0 }, warm: { min: 1, whole: true } },
  sends: ["body", "head", "mean?"],
  receives: ["body", "head", "mean"],
  keeps: ["bias"],
  client: (kit, { weight, warm, bias: biased }) => {
    const { body, head } = kit.pair();
    const own = kit.net(bias(kit.features));
    const optimizer = kit.optimizer([body.parameters, head.parameters, own.parameters]);
    const plain = kit.optimizer([body.parameters, head.parameters]);
    const load = ({ down, kept }: Turn<"body" | "head" | "mean", "bias">): void => {
      body.parameters.copyFrom(down.body);
      head.parameters.copyFrom(down.head);
      own.parameters.copyFrom(kept.bias ?? new Float32Array(kit.features));
    };
    return {
      initial: () =>
        ({ ...kit.initialParts, mean: new Float32Array(kit.features) }) as Record<"body" | "head" | "mean", Vector>,
      *train(turn) {
        load(turn);
        const measuring = turn.round < warm;
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          const shifted = biased && !measuring ? own.forward(z, mode) : z;
          const fit = mean(nll(head.forward(shifted, mode), labels));
          if (measuring || weight === 0) return fit;
          const apart = sub(mean(z, { axis: 0, keep: true }), tensor(turn.down.mean, [1, kit.features]));
          return add(fit, mul(mean(square(apart)), weight / 2));
        };
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer: biased && !measuring ? optimizer : plain });
        const up = { body: body.parameters.toArray(), head: head.parameters.toArray() };
        const kept = { bias: own.parameters.toArray() };
        if (!measuring) return { up, kept, metrics: { trainLoss } };
        const z = yield* predictSteps(turn.own.train, kit.features, (x) => body.predict(x));
        const found = Float32Array.from(meanRow(z.toArray(), kit.features));
        z.dispose();
        return { up: { ...up, mean: found }, kept, metrics: { trainLoss } };
      },
      answers(turn) {
        load(turn);
        const personal = (x: Tensor): Tensor => head.predict(own.predict(body.predict(x)));
        return { own: personal, shared: answering(body, head) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model, features }) => ({ down: model + features, up: model }),
  laws: [{ when: { weight: 0, bias: false }, is: "fedavg" }],
  presets: {
    library: { options: { weight: 50 }, note: "PFLlib on Fashion-MNIST; its default of 0 leaves the mean alone" },
    safe: {},
  },
});
