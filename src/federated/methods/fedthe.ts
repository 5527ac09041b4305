// FedTHE (Jiang and Lin 2023): a body and a head for balanced classes that everybody shares, a head of the client's own, and weights of the
// two that each input chooses for itself, without its label: those under which the answer is certain where the heads agree, and which
// lean to whose mean features the input is nearer.
import { add } from "../../autograd/ops/add.ts";
import { copy } from "../../autograd/ops/copy.ts";
import { crossEntropy } from "../../autograd/ops/nll.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { noGrad } from "../../autograd/op.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { Linear } from "../../nn/layers.ts";
import { predictSteps } from "../../nn/predict.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Turn, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { countsOf, meanRow } from "../statistics.ts";
import { prior } from "./fedrod.ts";
import { logSoftmaxOf, testTimeMixture } from "./testTime.ts";

export const fedthe: Method = method({
  name: "fedthe",
  paper: "arXiv 2205.10920",
  about:
    "a shared head and an own one, weighed for each input by certainty and by whose features it is like, without labels",
  needsClasses: true,
  // steps that an input's weights take; the authors also compare with the stream of inputs before it, which is left out here
  options: { steps: 20, rate: 0.1 },
  ranges: { steps: { min: 0, whole: true }, rate: { min: 0 } },
  sends: ["body", "head", "mean"],
  keeps: ["own", "mean"],
  client: (kit, { steps, rate }) => {
    const { features, classes } = kit;
    const { body, head } = kit.pair();
    const own = kit.net(new Linear(features, classes));
    const optimizer = kit.optimizer([body.parameters, head.parameters, own.parameters]);
    const load = ({ down, kept }: Turn<"body" | "head" | "mean", "own" | "mean">): void => {
      body.parameters.copyFrom(down.body);
      head.parameters.copyFrom(down.head);
      own.parameters.copyFrom(kept.own ?? kit.initialParts.head);
    };
    return {
      initial: () => ({ ...(kit.initialParts as { body: Vector; head: Vector }), mean: new Float32Array(features) }),
      *train(turn) {
        load(turn);
        const balance = prior(countsOf(turn.own.train.labels, classes), 1);
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          const still = noGrad(() => copy(z));
          const balanced = crossEntropy(add(head.forward(z, mode), tensor(balance, [1, classes])), labels);
          return mean(add(balanced, crossEntropy(own.forward(still, mode), labels)));
        };
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        const { train } = turn.own;
        const z = yield* predictSteps(train, features, (x) => body.predict(x));
        const sums = meanRow(z.toArray(), features);
        const centre = turn.down.mean.map((_, k) => sums[k]!);
        z.dispose();
        return {
          up: { body: body.parameters.toArray(), head: head.parameters.toArray(), mean: centre },
          kept: { own: own.parameters.toArray(), mean: centre },
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        const centres = [turn.down.mean, turn.kept.mean ?? turn.down.mean];
        const personal = (x: Tensor): Tensor => {
          const z = body.predict(x);
          const [features_, shared, mine] = [z, head.predict(z), own.predict(z)].map((t) => t.toArray());
          const row = (of: ArrayLike<number>, i: number, width: number): number[] =>
            Array.from({ length: width }, (_, k) => of[i * width + k]!);
          const rows = Array.from({ length: x.shape[0]! }, (_, i) => {
            const at = row(features_!, i, features);
            const far = centres.map((centre) =>
              Math.sqrt(at.reduce((sum, value, k) => sum + (value - centre[k]!) ** 2, 0)),
            );
            const seen = {
              shared: row(shared!, i, classes),
              own: logSoftmaxOf(row(mine!, i, classes)),
              far: far as [number, number],
            };
            return testTimeMixture(seen, { steps, rate });
          });
          return tensor(rows.flat(), [rows.length, classes]);
        };
        return { own: personal, shared: answering(body, head) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model, features }) => ({ down: model + features, up: model + features }),
  presets: {
    paper: {
      options: { steps: 20, rate: 0.1 },
      optimizer: { kind: "sgd", lr: 0.01 },
      localEpochs: 5,
      batchSize: 32,
      rounds: 100,
      note: "BRFL, 20 clients; the authors weigh an input's features 0.1 and its stream's 0.9, and so depend on the order",
    },
    safe: {},
  },
});
