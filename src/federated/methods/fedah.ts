// FedAH (2025), after the abstract: FedRep whose clients begin with a head between the shared one and their own, at a learnt
// share for each number.
import { method, type Method, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { ala } from "./ala.ts";
import { alaOptions, alaRanges } from "./fedala.ts";

export const fedah: Method = method({
  name: "fedah",
  paper: "arXiv 2412.01295",
  about:
    "the body is shared, heads are mixed with the shared one number by number; head first, then body (after the abstract)",
  options: { ...alaOptions, headEpochs: 1 },
  ranges: { ...alaRanges, headEpochs: { min: 0, whole: true } },
  sends: ["body", "head"],
  keeps: ["own", "shares"],
  client: (kit, { headEpochs, ...options }) => {
    const pair = kit.pair();
    const { body, head } = pair;
    const all = [body.parameters, head.parameters];
    const [ofHead, ofBody] = [kit.optimizer(all, { only: kit.head }), kit.optimizer(all, { only: kit.body })];
    return {
      initial: () => kit.initialParts as { body: Vector; head: Vector },
      *train(turn) {
        const { down, kept } = turn;
        body.parameters.copyFrom(down.body);
        head.parameters.copyFrom(down.head);
        const shares =
          kept.own &&
          (yield* ala(kit, pair, turn, { local: kept.own, shared: down.head, before: kept.shares }, options));
        yield* kit.train({ turn, loss: kit.loss(pair), optimizer: ofHead, epochs: headEpochs, stream: "head" });
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(pair), optimizer: ofBody });
        const up = { body: body.parameters.toArray(), head: head.parameters.toArray() };
        return { up, kept: { own: up.head, ...(shares && { shares }) }, metrics: { trainLoss } };
      },
      answers({ down, kept }) {
        body.parameters.copyFrom(down.body);
        head.parameters.copyFrom(kept.own ?? down.head);
        return { own: pair.predict };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: { safe: {} },
});
