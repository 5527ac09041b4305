// FedHKD (Chen et al. 2023): beside the weights clients send each class' mean features and mean soft answers, which the next
// round's clients learn from.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { mul, neg, sub } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { gather } from "../../autograd/ops/rows.ts";
import { logSoftmax, softmax } from "../../autograd/ops/softmax.ts";
import { mean, sum } from "../../autograd/ops/sum.ts";
import { square } from "../../autograd/ops/unary.ts";
import { tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { predictSteps } from "../../nn/predict.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";
import { byClass, classMeans } from "../statistics.ts";

type Sent = "body" | "head" | "features" | "answers" | "counts";

export const fedhkd: Method = method({
  name: "fedhkd",
  paper: "arXiv 2301.08968",
  about:
    "FedAvg that distils each class' mean features and soft answers; without the noise that the paper adds to them",
  needsClasses: true,
  options: { lambda: 0.05, gamma: 0.05, temperature: 0.5 },
  ranges: { lambda: { min: 0 }, gamma: { min: 0 }, temperature: { min: 0.01 } },
  sends: ["body", "head", "features", "answers", "counts"],
  client: (kit, { lambda, gamma, temperature }) => {
    const { features, classes } = kit;
    const { body, head, predict } = kit.pair();
    const optimizer = kit.optimizer([body.parameters, head.parameters]);
    const load = ({ down }: Turn<Sent, never>): void => {
      body.parameters.copyFrom(down.body);
      head.parameters.copyFrom(down.head);
    };
    return {
      initial: () => ({
        ...kit.initialParts,
        features: new Float32Array(classes * features),
        answers: new Float32Array(classes * classes),
        counts: new Float32Array(classes),
      }),
      *train(turn) {
        load(turn);
        const { features: means, answers, counts } = turn.down;
        const seen = Array.from(counts, (n) => (n > 0 ? 1 : 0));
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          const fit = mean(nll(head.forward(z, mode), labels));
          if (lambda === 0 && gamma === 0) return fit;
          const [h, known] = [tensor(means, [classes, features]), tensor(seen, [classes, 1])];
          const logq = logSoftmax(mul(head.forward(h, mode), 1 / temperature));
          const cross = sum(mul(tensor(answers, [classes, classes]), logq), { axis: 1, keep: true });
          const soft = neg(mean(mul(cross, known)));
          const near = mean(square(mul(sub(z, gather(h, labels)), gather(known, labels))));
          return add(fit, add(mul(soft, lambda), mul(near, gamma)));
        };
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        const z = yield* predictSteps(turn.own.train, features, (x) => body.predict(x));
        const q = yield* predictSteps(turn.own.train, classes, (x) =>
          noGrad(() => softmax(mul(predict(x), 1 / temperature))),
        );
        const rows = {
          features: { values: z.toArray() as Float32Array, width: features },
          answers: { values: q.toArray() as Float32Array, width: classes },
        };
        const found = byClass(rows, turn.own.train.labels, classes);
        for (const t of [z, q]) t.dispose();
        return {
          up: { body: body.parameters.toArray(), head: head.parameters.toArray(), ...found },
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        return { own: predict };
      },
    };
  },
  server: () => classMeans(["features", "answers"], averaging()),
  traffic: ({ model, classes, features }) => {
    const all = model + classes * (features + classes + 1);
    return { down: all, up: all };
  },
  laws: [{ when: { lambda: 0, gamma: 0 }, is: "fedavg" }],
  presets: {
    paper: {
      optimizer: { kind: "adam", lr: 1e-3, clip: 1.1 },
      localEpochs: 5,
      batchSize: 64,
      rounds: 50,
      cohort: 10,
      note: "ResNet-18, Dirichlet 0.5; noise left out",
    },
    safe: {},
  },
});
