// FedJETs (Dun et al. 2023): experts at the server, of which a client trains the few that a shared gate finds best for its rows; the gate
// sees features of a common model that stands still. Clients whose laws are far apart are anchors, which pull the gate to an expert
// each. Built from the abstract and reviews: the common model is what FedAvg makes in the first rounds, anchors are found by labels.
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { noGrad } from "../../autograd/op.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { EVALUATE, type Mode } from "../../nn/module.ts";
import { answering } from "../answering.ts";
import { likelihood } from "../kit.ts";
import { method, type Method, type Vector, type Vectors } from "../method.ts";
import { mixedLogp } from "../mixed.ts";
import { averaging, beside, noticeboard } from "../servers.ts";
import { countsOf } from "../statistics.ts";
import { chosenExperts } from "./anchors.ts";
import { closest } from "./clusters.ts";
import { CommonGate } from "./commonGate.ts";
import { lawOf } from "./cwfedavg.ts";

const COUNT = { min: 1, whole: true } as const;

const expertOf = (e: number): string => `expert.${e}`;

export const fedjets: Method = method({
  name: "fedjets",
  paper: "arXiv 2306.08586",
  after: "abstract",
  about:
    "experts at the server, of which a client trains those that a shared gate on a common model's features finds best",
  needsClasses: true,
  // of `experts` a client trains `k`; the first `warm` rounds make the common model; `anchor` weighs the pull of anchors
  options: { experts: 5, k: 2, warm: 2, anchor: 1 },
  ranges: { experts: COUNT, k: COUNT, warm: COUNT, anchor: { min: 0 } },
  sends: ["common?", "law?", "gate?", "expert.*", "scores?"],
  receives: ["common", "gate?", "expert.*", "anchor?"],
  client: (kit, { experts: count, anchor: weight }) => {
    const common = kit.net();
    const routing = new CommonGate(kit, count);
    const experts = Array.from({ length: count }, () => kit.net());
    const warming = kit.optimizer(common.parameters);
    // experts that were not sent have no gradient and stand still
    const optimizer = kit.optimizer([routing.gate, ...experts].map(({ parameters }) => parameters));
    const load = (down: Vectors): number[] => {
      routing.load(down["common"]!, down["gate"]!);
      const sent = experts.map((_, e) => e).filter((e) => down[expertOf(e)]);
      for (const e of sent) experts[e]!.parameters.copyFrom(down[expertOf(e)]!);
      return sent;
    };
    const answer = (x: Tensor, of: readonly number[], mode: Mode): Tensor =>
      mixedLogp(
        of.map((e) => experts[e]!.forward(x, mode)),
        routing.logWeights(x, of),
      );
    return {
      initial: () => ({ common: kit.initial }),
      *train(turn) {
        const down = turn.down as Vectors;
        const { train } = turn.own;
        if (!down["gate"]) {
          common.parameters.copyFrom(down["common"]!);
          const { trainLoss } = yield* kit.train({ turn, loss: likelihood(common), optimizer: warming });
          const law = Float64Array.from(lawOf(countsOf(train.labels, kit.classes)));
          return { up: { common: common.parameters.toArray() as Vector, law }, metrics: { trainLoss } };
        }
        const of = load(down);
        const own = of.indexOf(down["anchor"]?.[0] ?? -1);
        const { trainLoss } = yield* kit.train({
          turn,
          loss: ({ x, labels }, mode) => {
            const fit = mean(nll(answer(x, of, mode), labels));
            if (own < 0 || weight === 0) return fit;
            return add(fit, mul(mean(slice(routing.logWeights(x, of), { axis: 1, from: own, to: own + 1 })), -weight));
          },
          optimizer,
        });
        const scores = yield* routing.scores(train);
        const sent = of.map((e) => [expertOf(e), experts[e]!.parameters.toArray()] as const);
        return {
          up: { gate: routing.gate.parameters.toArray() as Vector, scores, ...Object.fromEntries(sent) },
          metrics: { trainLoss, cluster: closest(Array.from(scores, (score) => -score)) },
        };
      },
      answers({ down }) {
        if (!down.gate) {
          common.parameters.copyFrom(down.common);
          return { own: answering(common) };
        }
        const of = load(down as Vectors);
        return { own: (x) => noGrad(() => answer(x, of, EVALUATE)) };
      },
    };
  },
  server: ({ experts, k, warm }, kit) => ({
    ...beside((name) => name !== "law" && name !== "scores", averaging(), noticeboard()),
    begin: (initial) => ({ ...initial, gate: kit.first(CommonGate.module(kit, experts), "gate") }),
    down: (state, to): Vectors => {
      const common = state["common"]!;
      if (to.round < warm) return { common };
      const { of, anchor } = chosenExperts(state, to, { experts, k });
      const sent = of.map((e) => [expertOf(e), state[expertOf(e)] ?? common] as const);
      return {
        common,
        gate: state["gate"]!,
        ...Object.fromEntries(sent),
        ...(anchor >= 0 && { anchor: Float64Array.of(anchor) }),
      };
    },
  }),
  laws: [{ when: { experts: 1, k: 1 }, is: "fedavg" }],
  presets: {
    paper: { options: { experts: 5, k: 2 }, note: "CIFAR-10, ResNet-34; rates were not to be had" },
    safe: {},
  },
});
