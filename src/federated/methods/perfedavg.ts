// Per-FedAvg (Fallah et al. 2020): the federation looks for a model from which one step on a client's rows goes far. The
// exact gradient needs second derivatives; it is taken without them, or with a difference of gradients for them.
import { noGrad } from "../../autograd/op.ts";
import { copyInto } from "../../autograd/ops/copy.ts";
import { addInto } from "../../autograd/ops/add.ts";
import type { Net } from "../../nn/net.ts";
import { answering } from "../answering.ts";
import type { At } from "../kit.ts";
import { Tally } from "../tally.ts";
import { method, type Method } from "../method.ts";
import { alike, averaging } from "../servers.ts";

export const perfedavg: Method = method({
  name: "per-fedavg",
  paper: "arXiv 2002.07948",
  about: "a model that is good after a step of each client's own",
  // `alpha` is the rate of that step; `hessian`: left out, or by differences at `delta` along the gradient; `adapt` epochs of
  // steps before answering, 0 for one step
  options: { alpha: 0.01, hessian: "none", delta: 1e-3, adapt: 1 },
  ranges: {
    alpha: { min: 0 },
    hessian: { of: ["none", "difference"] },
    delta: { min: 1e-9 },
    adapt: { min: 0, whole: true },
  },
  sends: ["model"],
  client: (kit, { alpha, hessian, delta, adapt }) => {
    const [net, moved] = [kit.net(), kit.net()];
    const optimizer = kit.optimizer(net.parameters);
    const inner = kit.optimizer(moved.parameters, {
      kind: "sgd",
      lr: alpha,
      momentum: 0,
      weightDecay: 0,
      clip: undefined,
      clipValue: undefined,
    });
    const [outer, second] = [kit.vector(net.parameters.size), kit.vector(net.parameters.size)];
    const loss = kit.loss(moved);
    // moved = net + by outer; its gradient on a batch, `times` as long, into `to`
    const from = (by: number): void =>
      noGrad(() => {
        copyInto(moved.parameters.values, net.parameters.values);
        if (by !== 0) addInto(moved.parameters.values, outer, by);
      });
    const gradient = (at: At, use: (of: Net) => void): number =>
      kit.step(at, { loss, correct: () => (use(moved), moved.parameters.spendGradient()) });
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        net.parameters.copyFrom(turn.down.model);
        kit.begin(turn, optimizer, inner);
        const tally = new Tally();
        const parts = hessian === "none" ? 2 : 3;
        let part = 0;
        for (const at of kit.batches(turn)) {
          // three independent batches: for the step, for the gradient after it, for the change of the gradient
          if (part === 0) {
            from(0);
            kit.step(at, { loss, optimizer: inner });
          } else if (part === 1) {
            tally.add(
              at,
              gradient(at, ({ parameters }) => noGrad(() => copyInto(outer, parameters.gradient!))),
            );
            net.parameters.addGradient(outer, 1);
          } else {
            from(delta);
            gradient(at, ({ parameters }) => noGrad(() => copyInto(second, parameters.gradient!)));
            from(-delta);
            gradient(at, ({ parameters }) => noGrad(() => addInto(second, parameters.gradient!, -1)));
            net.parameters.addGradient(second, -alpha / (2 * delta));
          }
          part = (part + 1) % parts;
          if (part === 0) optimizer.step();
          yield;
        }
        // batches left over are not enough for a step
        net.parameters.spendGradient();
        return { up: { model: net.parameters.toArray() }, metrics: { trainLoss: tally.trainLoss } };
      },
      *answers(turn) {
        net.parameters.copyFrom(turn.down.model);
        moved.parameters.copyFrom(turn.down.model);
        kit.begin(turn, inner);
        let first = true;
        for (const at of kit.batches(turn, { epochs: Math.max(1, adapt), stream: "adapt" })) {
          if (adapt > 0 || first) kit.step(at, { loss, optimizer: inner });
          first = false;
          yield;
        }
        return { own: answering(moved), shared: answering(net) };
      },
    };
  },
  server: () => averaging({ weight: alike }),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: { options: { alpha: 0.01, hessian: "difference" }, optimizer: { kind: "sgd", lr: 0.001 } },
    library: {
      options: { alpha: 0.01, hessian: "none" },
      optimizer: { kind: "sgd", lr: 0.001 },
      note: "FL-bench's settings",
    },
    safe: {},
  },
});
