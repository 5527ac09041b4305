// MR-MTL (mean-regularised multi-task learning; Evgeniou and Pontil 2004, Liu et al. 2022): every client's model is held to the
// mean of all.
import { answering } from "../answering.ts";
import { pull } from "../kit.ts";
import { method, type Method } from "../method.ts";
import { alike, averaging } from "../servers.ts";

export const mrmtl: Method = method({
  name: "mr-mtl",
  paper: "arXiv 2206.07902",
  about: "every client's own model, with lambda/2 |v - mean of all|^2 in its loss",
  options: { lambda: 1 },
  ranges: { lambda: { min: 0 } },
  sends: ["model"],
  keeps: ["own"],
  client: (kit, { lambda }) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    const anchor = kit.vector(net.parameters.size);
    const correct = pull(net.parameters, anchor, lambda);
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        net.parameters.copyFrom(turn.kept.own ?? kit.initial);
        anchor.set(turn.down.model);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, correct, stream: "own" });
        const own = net.parameters.toArray();
        return { up: { model: own }, kept: { own }, metrics: { trainLoss } };
      },
      answers({ down, kept }) {
        net.parameters.copyFrom(kept.own ?? down.model);
        return { own: answering(net) };
      },
    };
  },
  server: () => averaging({ weight: alike }),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { lambda: 0 }, is: "local" }],
  presets: { safe: { options: { lambda: 0.1 } } },
});
