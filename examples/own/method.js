// A federated method of one's own, for `moiety run --method ./method.js`: FedAvg whose clients forget a part of what they
// learnt. docs/methods.md says what else a method may do.
import { averaging, likelihood, method } from "moiety/federated";

export const forgetful = method({
  name: "forgetful",
  paper: "",
  about: "FedAvg whose clients go only a part of the way from the model they were sent",
  options: { way: 0.8 },
  ranges: { way: { min: 0, max: 1 } },
  sends: ["model"],
  client: (kit, { way }) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        net.parameters.copyFrom(turn.down.model);
        const { trainLoss } = yield* kit.train({ turn, loss: likelihood(net), optimizer });
        const after = net.parameters.toArray();
        const model = turn.down.model.map((before, i) => before + way * (after[i] - before));
        return { up: { model }, metrics: { trainLoss } };
      },
      answers: ({ down }) => {
        net.parameters.copyFrom(down.model);
        return { own: (x) => net.predict(x) };
      },
    };
  },
  server: () => averaging(),
});
