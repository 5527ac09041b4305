// FedProto (Tan et al. 2022): clients send no weights but the mean features of each class; features are held to everybody's
// means.
import { add } from "../../autograd/ops/add.ts";
import { mul, sub } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { gather } from "../../autograd/ops/rows.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { square } from "../../autograd/ops/unary.ts";
import { tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { predictSteps } from "../../nn/predict.ts";
import { method, type Method, type Turn, type Vector } from "../method.ts";
import { byClass, classMeans } from "../statistics.ts";

export const fedproto: Method = method({
  name: "fedproto",
  paper: "arXiv 2105.00243",
  about: "whole models stay with their clients; mean features of each class are shared, and features are held to them",
  needsClasses: true,
  options: { lambda: 1 },
  ranges: { lambda: { min: 0 } },
  sends: ["features", "counts"],
  keeps: ["body", "head"],
  client: (kit, { lambda }) => {
    const { features, classes } = kit;
    const { body, head, predict } = kit.pair();
    const optimizer = kit.optimizer([body.parameters, head.parameters]);
    const load = ({ kept }: Turn<"features" | "counts", "body" | "head">): void => {
      body.parameters.copyFrom(kept.body ?? kit.initialParts.body);
      head.parameters.copyFrom(kept.head ?? kit.initialParts.head);
    };
    return {
      initial: () => ({ features: new Float32Array(classes * features), counts: new Float32Array(classes) }),
      *train(turn) {
        load(turn);
        const { features: means, counts } = turn.down;
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          const fit = mean(nll(head.forward(z, mode), labels));
          if (lambda === 0) return fit;
          // classes that nobody has seen hold nothing
          const seen = gather(tensor(known(counts), [classes, 1]), labels);
          const target = gather(tensor(means, [classes, features]), labels);
          return add(fit, mul(mean(square(mul(sub(z, target), seen))), lambda));
        };
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer, stream: "own" });
        // of the model as it ends, not as it moves
        const z = yield* predictSteps(turn.own.train, features, (x) => body.predict(x));
        const rows = { features: { values: z.toArray() as Float32Array, width: features } };
        const up = byClass(rows, turn.own.train.labels, classes);
        z.dispose();
        return {
          up,
          kept: { body: body.parameters.toArray(), head: head.parameters.toArray() },
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        return { own: predict };
      },
    };
  },
  server: () => classMeans(["features"]),
  traffic: ({ classes, features }) => ({ down: classes * (features + 1), up: classes * (features + 1) }),
  laws: [{ when: { lambda: 0 }, is: "local" }],
  presets: {
    paper: {
      options: { lambda: 1 },
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.5 },
      batchSize: 4,
      note: "lambda 0.1 on CIFAR-10; means are weighted by counts here",
    },
    safe: {},
  },
});

function known(counts: Vector): number[] {
  return Array.from(counts, (count) => (count > 0 ? 1 : 0));
}
