// FedALA (Zhang et al. 2023): FedAvg whose clients do not begin at the shared head but between it and their own.
import { method, type Method, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { ala } from "./ala.ts";

/** Rates and passes of the shares. */
export const alaOptions = { rate: 1, sample: 0.8, passes: 50, threshold: 0.1 };
export const alaRanges = {
  rate: { min: 0 },
  sample: { min: 0.01, max: 1 },
  passes: { min: 0, whole: true },
  threshold: { min: 0 },
} as const;

export const fedala: Method = method({
  name: "fedala",
  paper: "arXiv 2212.01197",
  about: "clients begin between the shared head and their own, at a learnt share for each number",
  options: alaOptions,
  ranges: alaRanges,
  sends: ["body", "head"],
  keeps: ["own", "shares"],
  client: (kit, options) => {
    const pair = kit.pair();
    const { body, head } = pair;
    const optimizer = kit.optimizer([body.parameters, head.parameters]);
    return {
      initial: () => kit.initialParts as { body: Vector; head: Vector },
      *train(turn) {
        const { down, kept } = turn;
        body.parameters.copyFrom(down.body);
        head.parameters.copyFrom(down.head);
        const shares =
          kept.own &&
          (yield* ala(kit, pair, turn, { local: kept.own, shared: down.head, before: kept.shares }, options));
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(pair), optimizer });
        const up = { body: body.parameters.toArray(), head: head.parameters.toArray() };
        return { up, kept: { own: up.head, ...(shares && { shares }) }, metrics: { trainLoss } };
      },
      *answers(turn) {
        const { down, kept } = turn;
        body.parameters.copyFrom(down.body);
        head.parameters.copyFrom(down.head);
        if (kept.own) yield* ala(kit, pair, turn, { local: kept.own, shared: down.head, before: kept.shares }, options);
        return { own: pair.predict };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { rate: 0 }, is: "fedavg" }],
  presets: {
    paper: { options: alaOptions },
    library: { options: { ...alaOptions }, optimizer: { kind: "sgd", lr: 0.005 } },
    safe: {},
  },
});
