// APFL (Deng et al. 2020): between the shared model and a client's own, at a share that the client learns.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { copy } from "../../autograd/ops/copy.ts";
import { crossEntropy } from "../../autograd/ops/nll.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { answering } from "../answering.ts";
import { Tally } from "../tally.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";
import { Mixing } from "./mixing.ts";

export const apfl: Method = method({
  name: "apfl",
  paper: "arXiv 2003.13461",
  about: "a mixture of the shared and an own model, of parameters or of outputs, at a share that each client learns",
  needsClasses: true,
  // `adapt` is the rate of the share, 0 keeps it
  options: { alpha: 0.5, adapt: 0.01, form: "parameters" },
  ranges: { alpha: { min: 0, max: 1 }, adapt: { min: 0 }, form: { of: ["parameters", "outputs"] } },
  sends: ["model"],
  keeps: ["own", "alpha"],
  client: (kit, { alpha: first, adapt, form }) => {
    const [shared, own] = [kit.net(), kit.net()];
    const [ofShared, ofOwn] = [kit.optimizer(shared.parameters), kit.optimizer(own.parameters)];
    const mixing = new Mixing(kit, own, shared);
    const between = (a: number, x: Tensor): Tensor =>
      noGrad(() => logSoftmax(add(mul(own.predict(x), a), mul(shared.predict(x), 1 - a))));
    const outputs =
      (a: number): Loss =>
      ({ x, labels }, mode) => {
        const still = noGrad(() => copy(shared.forward(x, mode)));
        return mean(crossEntropy(add(mul(own.forward(x, mode), a), mul(still, 1 - a)), labels));
      };
    const load = ({ down, kept }: Turn<"model", "own" | "alpha">): number => {
      shared.parameters.copyFrom(down.model);
      own.parameters.copyFrom(kept.own ?? kit.initial);
      return kept.alpha?.[0] ?? first;
    };
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        let alpha = load(turn);
        kit.begin(turn, ofShared, ofOwn);
        const tally = new Tally();
        for (const at of kit.batches(turn)) {
          if (form === "parameters") {
            // all of it where both stand now, before either moves
            mixing.place(alpha);
            const { loss, slope } = mixing.push(at, own, alpha);
            if (tally.steps === 0) alpha = Math.min(1, Math.max(0, alpha - adapt * slope));
            tally.add(at, loss);
            ofOwn.step();
          } else tally.add(at, kit.step(at, { loss: outputs(alpha), optimizer: ofOwn }));
          kit.step(at, { loss: kit.loss(shared), optimizer: ofShared });
          yield;
        }
        return {
          up: { model: shared.parameters.toArray() },
          kept: { own: own.parameters.toArray(), alpha: Float64Array.of(alpha) },
          metrics: { trainLoss: tally.trainLoss, alpha },
        };
      },
      answers(turn) {
        const alpha = load(turn);
        // who has not had a turn has nothing of its own
        if (!turn.kept.own) own.parameters.copyFrom(shared.parameters);
        if (form === "outputs") return { own: (x) => between(alpha, x), shared: answering(shared) };
        mixing.place(alpha);
        return { own: answering(mixing.net), shared: answering(shared) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { alpha: 0, adapt: 0 }, is: "fedavg" }],
  presets: {
    paper: { options: { alpha: 0.5, adapt: 0.01 } },
    library: { options: { alpha: 0.5, form: "outputs", adapt: 0 }, note: "the mixture of outputs, as FedTorch has it" },
    safe: { options: { alpha: 0.5, adapt: 0.01 } },
  },
});
