// kNN-Per (Marfoq et al. 2022): FedAvg whose clients answer with a mixture of the shared model and of their own rows' labels
// nearby, in the shared model's features. What a client remembers of its rows is made when it answers, and never leaves it.
import type { Pair } from "../kit.ts";
import { method, type Method, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { nearbyAnswer } from "./nearby.ts";

export const knnper: Method = method({
  name: "knn-per",
  paper: "arXiv 2111.09360",
  about: "FedAvg, whose clients answer with its model and with the labels of their own rows nearby",
  needsClasses: true,
  // `lambda` is the labels' share, with `search` the best of 0, 0.1, ... 1 on the client's validation rows; `scale` of distances
  options: { k: 10, scale: 1, lambda: 0.5, search: true as boolean },
  ranges: { k: { min: 1, whole: true }, scale: { min: 1e-9 }, lambda: { min: 0, max: 1 } },
  sends: ["body", "head"],
  client: (kit, options) => {
    const { features, classes } = kit;
    const pair: Pair = kit.pair();
    const { body, head, predict } = pair;
    const optimizer = kit.optimizer([body.parameters, head.parameters]);
    return {
      initial: () => kit.initialParts as { body: Vector; head: Vector },
      *train(turn) {
        body.parameters.copyFrom(turn.down.body);
        head.parameters.copyFrom(turn.down.head);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(pair), optimizer });
        return { up: { body: body.parameters.toArray(), head: head.parameters.toArray() }, metrics: { trainLoss } };
      },
      *answers({ down, own }) {
        body.parameters.copyFrom(down.body);
        head.parameters.copyFrom(down.head);
        return { own: yield* nearbyAnswer({ body, predict, features, classes }, own, options), shared: predict };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { lambda: 0, search: false }, is: "fedavg" }],
  presets: { paper: { options: { k: 10, search: true }, note: "its rows are kept whole here" }, safe: {} },
});
