// pFedMoE (Yi et al. 2024): a small extractor that everybody shares and one of the client's own, whose features a gate on the raw input
// weighs before the client's own head. Here both extractors are the model's body, as an experiment has one model; the paper's own are
// larger, and of another shape for each client.
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { softmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { noGrad } from "../../autograd/op.ts";
import { scope, type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { EVALUATE, type Mode } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import { method, type Method, type Turn, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { type Gate, gates, widthOf } from "./inputGate.ts";

export const pfedmoe: Method = method({
  name: "pfedmoe",
  paper: "arXiv 2402.01350",
  about:
    "features of a shared extractor and of the client's own, weighed by a gate that sees the input, under its own head",
  needsClasses: true,
  // with `gate` "shared" or "even" nothing is learnt of the weights
  options: { gate: "learnt", hidden: 32 },
  ranges: { gate: { of: ["learnt", "shared", "even"] }, hidden: { min: 1, whole: true } },
  sends: ["extractor"],
  keeps: ["own", "head", "gate"],
  client: (kit, { gate: kind, hidden }) => {
    const [shared, own] = [kit.net(kit.parts.body), kit.net(kit.parts.body)];
    const head = kit.net(kit.parts.head);
    const gateFor = gates(kit, hidden, [shared, own, head]);
    const plain = kit.optimizer([shared, own, head].map(({ parameters }) => parameters));
    const load = ({ down, kept }: Turn<"extractor", "own" | "head" | "gate">): void => {
      shared.parameters.copyFrom(down.extractor);
      own.parameters.copyFrom(kept.own ?? kit.initialParts.body);
      head.parameters.copyFrom(kept.head ?? kit.initialParts.head);
    };
    const gated = (width: number, kept: Vector | undefined): Gate => {
      const gate = gateFor(width);
      gate.net.parameters.copyFrom(kept ?? kit.first(gate.net.module, "gate"));
      return gate;
    };
    const answer = (x: Tensor, mode: Mode, gate?: Net): Tensor => {
      const general = shared.forward(x, mode);
      if (kind === "shared") return head.forward(general, mode);
      const mine = own.forward(x, mode);
      if (!gate) return head.forward(mul(add(general, mine), 0.5), mode);
      const weights = softmax(gate.forward(x, mode));
      const part = (at: number): Tensor => slice(weights, { axis: 1, from: at, to: at + 1 });
      return head.forward(add(mul(general, part(0)), mul(mine, part(1))), mode);
    };
    const firstWidth = (rows: Examples): number => scope(() => widthOf(rows.batch(tensor([0], [1], "i32")).x));
    return {
      initial: () => ({ extractor: kit.initialParts.body }),
      *train(turn) {
        load(turn);
        const { train } = turn.own;
        const gate = kind === "learnt" && train.count > 0 ? gated(firstWidth(train), turn.kept.gate) : undefined;
        const { trainLoss } = yield* kit.train({
          turn,
          loss: ({ x, labels }, mode) => mean(nll(answer(x, mode, gate?.net), labels)),
          optimizer: gate?.optimizer ?? plain,
        });
        const weights = gate?.net.parameters.toArray() ?? turn.kept.gate;
        return {
          up: { extractor: shared.parameters.toArray() },
          kept: {
            own: own.parameters.toArray(),
            head: head.parameters.toArray(),
            ...(weights && { gate: weights }),
          },
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        const gateAt = (x: Tensor): Net | undefined =>
          kind === "learnt" ? gated(widthOf(x), turn.kept.gate).net : undefined;
        return { own: (x) => noGrad(() => answer(x, EVALUATE, gateAt(x))) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ body }) => ({ down: body, up: body }),
  laws: [{ when: { gate: "shared" }, is: "fedper" }],
  presets: {
    paper: {
      optimizer: { kind: "sgd", lr: 0.01 },
      rounds: 500,
      note: "CIFAR, five convolutional networks of other sizes",
    },
    safe: {},
  },
});
