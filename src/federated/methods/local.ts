// Every client by itself, round by round: what a federation has to beat.
import { answering } from "../answering.ts";
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";

export const local: Method = method({
  name: "local",
  paper: "",
  about: "every client trains a model of its own, and nothing is sent",
  options: {},
  sends: [],
  keeps: ["own"],
  client: (kit) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    return {
      initial: () => ({}),
      *train(turn) {
        net.parameters.copyFrom(turn.kept.own ?? kit.initial);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, stream: "own" });
        return { up: {}, kept: { own: net.parameters.toArray() }, metrics: { trainLoss } };
      },
      answers({ kept }) {
        net.parameters.copyFrom(kept.own ?? kit.initial);
        return { own: answering(net) };
      },
    };
  },
  server: () => averaging(),
  traffic: () => ({ down: 0, up: 0 }),
  presets: {
    library: { optimizer: { kind: "sgd", lr: 0.005 }, localEpochs: 1, batchSize: 10, note: "PFLlib" },
    safe: {},
  },
});
