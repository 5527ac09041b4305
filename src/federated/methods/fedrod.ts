// Fed-RoD (Chen and Chao 2022): one body with two heads. The shared head learns as if classes were balanced, the client's own
// adds what its classes are like; so the method has a good generalist and a good specialist.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { copy } from "../../autograd/ops/copy.ts";
import { crossEntropy } from "../../autograd/ops/nll.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { Linear } from "../../nn/layers.ts";
import { log } from "../../runtime/scalar.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";
import { countsOf } from "../statistics.ts";

/** log n_c a class, times gamma; a class without rows gets next to nothing rather than -Infinity, which has no gradient. */
export function prior(counts: ArrayLike<number>, gamma: number): number[] {
  return Array.from(counts, (count) => gamma * log(Math.max(count, 1e-6)));
}

export const fedrod: Method = method({
  name: "fedrod",
  paper: "arXiv 2107.00778",
  about: "a shared head for balanced classes, and an own one that adds what the client's classes are like",
  needsClasses: true,
  // the exponent of class counts in the shared head's loss
  options: { gamma: 1 },
  ranges: { gamma: { min: 0 } },
  sends: ["body", "head"],
  keeps: ["own"],
  client: (kit, { gamma }) => {
    const { features, classes } = kit;
    const { body, head } = kit.pair();
    const own = kit.net(new Linear(features, classes));
    const optimizer = kit.optimizer([body.parameters, head.parameters, own.parameters]);
    const load = ({ down, kept }: Turn<"body" | "head", "own">): void => {
      body.parameters.copyFrom(down.body);
      head.parameters.copyFrom(down.head);
      // an own head of zeros adds nothing
      own.parameters.copyFrom(kept.own ?? new Float32Array(own.parameters.size));
    };
    return {
      initial: () => kit.initialParts as { body: Float32Array; head: Float32Array },
      *train(turn) {
        load(turn);
        const balance = prior(countsOf(turn.own.train.labels, classes), gamma);
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          const logp = head.forward(z, mode);
          // what the own head learns does not reach what is shared
          const [still, known] = noGrad(() => [copy(z), copy(logp)]) as [Tensor, Tensor];
          const balanced = crossEntropy(add(logp, tensor(balance, [1, classes])), labels);
          return mean(add(balanced, crossEntropy(add(known, own.forward(still, mode)), labels)));
        };
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        return {
          up: { body: body.parameters.toArray(), head: head.parameters.toArray() },
          kept: { own: own.parameters.toArray() },
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        const personal = (x: Tensor): Tensor => {
          const z = body.predict(x);
          return noGrad(() => logSoftmax(add(head.predict(z), own.predict(z))));
        };
        return { own: personal, shared: answering(body, head) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: { note: "the authors' repository holds no settings" },
    library: { optimizer: { kind: "sgd", lr: 0.005 }, note: "PFLlib" },
    safe: {},
  },
});
