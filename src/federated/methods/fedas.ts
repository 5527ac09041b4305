// FedAS (Yang et al. 2024): a client first draws the shared body to what its own body of before made of each class, and counts
// for the shared one by the trace of its Fisher information, which is small where little was learnt.
import { sub } from "../../autograd/ops/arithmetic.ts";
import { gather } from "../../autograd/ops/rows.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { square } from "../../autograd/ops/unary.ts";
import { tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { predictSteps } from "../../nn/predict.ts";
import { method, type Method, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { byClass } from "../statistics.ts";
import { dot } from "../vectors.ts";

export const fedas: Method = method({
  name: "fedas",
  paper: "CVPR 2024, pp. 11986-11995",
  about: "the shared body is drawn to a client's own class means before it trains, and averaged by Fisher information",
  needsClasses: true,
  // epochs and rate of drawing; how clients count
  options: { epochs: 1, rate: 0.01, weight: "fisher" },
  ranges: { epochs: { min: 0, whole: true }, rate: { min: 0 }, weight: { of: ["fisher", "rows"] } },
  sends: ["body"],
  keeps: ["body", "head"],
  measures: ["fisher"],
  client: (kit, { epochs, rate, weight }) => {
    const { features, classes } = kit;
    const pair = kit.pair();
    const { body, head, predict } = pair;
    const optimizer = kit.optimizer([body.parameters, head.parameters]);
    const drawing = kit.optimizer(body.parameters, { kind: "sgd", lr: rate });
    return {
      initial: () => ({ body: kit.initialParts.body }),
      *train(turn) {
        const { down, kept, own } = turn;
        head.parameters.copyFrom(kept.head ?? kit.initialParts.head);
        if (kept.body && epochs > 0 && rate > 0) {
          body.parameters.copyFrom(kept.body);
          const z = yield* predictSteps(own.train, features, (x) => body.predict(x));
          const rows = { means: { values: z.toArray() as Vector, width: features } };
          const { means } = byClass(rows, own.train.labels, classes);
          z.dispose();
          const loss: Loss = ({ x, labels }, mode) =>
            mean(square(sub(body.forward(x, mode), gather(tensor(means, [classes, features]), labels))));
          body.parameters.copyFrom(down.body);
          yield* kit.train({ turn, loss, optimizer: drawing, epochs, stream: "drawing" });
        } else body.parameters.copyFrom(down.body);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(pair), optimizer });
        // of the batches' mean gradients, where the turn ends
        let fisher = 0;
        if (weight === "fisher")
          for (const at of kit.batches({ ...turn, effort: 1 }, { epochs: 1, stream: "fisher" })) {
            kit.step(at, {
              loss: (batch) => kit.loss(pair)(batch, { train: false }),
              correct: () => {
                for (const { parameters } of [body, head]) {
                  const gradient = parameters.gradient!.toArray() as Vector;
                  fisher += dot(gradient, gradient);
                  parameters.spendGradient();
                }
              },
            });
            yield;
          }
        const now = body.parameters.toArray();
        return {
          up: { body: now },
          kept: { body: now, head: head.parameters.toArray() },
          metrics: { trainLoss, fisher },
        };
      },
      // as its last turn left it, not with the body that others made since
      answers({ down, kept }) {
        body.parameters.copyFrom(kept.body ?? down.body);
        head.parameters.copyFrom(kept.head ?? kit.initialParts.head);
        return { own: predict };
      },
    };
  },
  server: ({ weight }) => ({
    ...averaging({ weight: ({ examples, metrics }) => (weight === "fisher" ? metrics["fisher"]! : examples) }),
    additive: weight !== "fisher",
  }),
  traffic: ({ body }) => ({ down: body, up: body }),
  presets: { library: { options: { epochs: 1, rate: 0.01 }, note: "PFLlib" }, safe: {} },
});
