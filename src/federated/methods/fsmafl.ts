// FSMAFL (Huang et al. 2022), few-shot and model-agnostic, after its port to MindSpore: clients have models of their own and send what these
// answer on public rows, whose mean everybody comes nearer to. Before that features of public and own rows are brought together, by a
// discriminator that is averaged over clients. Here answers are log-probabilities, as networks end in them, all models are the
// experiment's, and domains are two (own and public) rather than one for each client. What is sent does not depend on a model's shape.
import { sub } from "../../autograd/ops/arithmetic.ts";
import { gather } from "../../autograd/ops/rows.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { abs } from "../../autograd/ops/unary.ts";
import { tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { predictSteps } from "../../nn/predict.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { Alignment } from "./alignment.ts";

export const fsmafl: Method = method({
  name: "fsmafl",
  paper: "10.1145/3503161.3548764",
  about: "models of clients' own that agree on public rows, with features of both kinds of rows brought together",
  needsClasses: true,
  needsPublic: true,
  // epochs on public rows of agreeing and of each phase of aligning, 0 for none, at rates over the config's
  options: { agree: 1, align: 1, agreeRate: 1, alignRate: 0.1, hidden: 64 },
  ranges: {
    agree: { min: 0, whole: true },
    align: { min: 0, whole: true },
    agreeRate: { min: 0 },
    alignRate: { min: 0 },
    hidden: { min: 1, whole: true },
  },
  sends: ["answers", "domains"],
  receives: ["answers?", "domains"],
  keeps: ["own"],
  client: (kit, { agree, align, agreeRate, alignRate, hidden }) => {
    const net = kit.net();
    const alignment = new Alignment(kit, { hidden, epochs: align, rate: alignRate });
    const { domains } = alignment;
    const optimizer = kit.optimizer(net.parameters);
    const agreeing = kit.optimizer(net.parameters, { lr: agreeRate * kit.options.optimizer.lr });
    return {
      initial: () => ({ domains: kit.first(domains.module, "domains") }),
      *train(turn) {
        domains.parameters.copyFrom(turn.down.domains);
        net.parameters.copyFrom(yield* alignment.aligned(turn.kept.own ?? kit.initial, turn));
        const { answers } = turn.down;
        const { publicRows: rows, classes } = kit;
        if (answers) {
          const loss: Loss = ({ x, rows: of }, mode) =>
            mean(abs(sub(net.forward(x, mode), gather(tensor(answers, [rows.count, classes]), of))));
          yield* kit.train({ turn, loss, optimizer: agreeing, examples: rows, epochs: agree, stream: "agree" });
        }
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, stream: "own" });
        const found = yield* predictSteps(rows, classes, (x) => net.predict(x));
        const said = found.toArray() as Vector;
        found.dispose();
        const own = net.parameters.toArray();
        return { up: { answers: said, domains: domains.parameters.toArray() }, kept: { own }, metrics: { trainLoss } };
      },
      answers({ kept }) {
        net.parameters.copyFrom(kept.own ?? kit.initial);
        return { own: answering(net) };
      },
    };
  },
  // every client alike that has rows
  server: () => averaging({ weight: ({ examples }) => Number(examples > 0) }),
  laws: [{ when: { agree: 0, align: 0 }, is: "local" }],
  presets: {
    library: {
      optimizer: { kind: "adam", lr: 1e-3 },
      batchSize: 5,
      note: "MNIST as public rows, twelve of each of six EMNIST letters a client; 4 epochs of aligning at a tenth of the rate",
    },
    safe: {},
  },
});
