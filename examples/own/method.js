// A federated method of one's own, for `moiety run --method ./method.js`: FedAvg whose clients forget a part of what they
// learnt. docs/methods.md says what else a method may do.
import { averaging, method, sharedModel } from "moiety/federated";

export const forgetful = method({
  name: "forgetful",
  paper: "",
  about: "FedAvg whose clients go only a part of the way from the model they were sent",
  options: { way: 0.8 },
  ranges: { way: { min: 0, max: 1 } },
  sends: ["model"],
  client(kit, { way }) {
    const side = sharedModel(kit);
    return {
      ...side,
      *train(turn) {
        const { up, metrics } = yield* side.train(turn);
        const model = turn.down.model.map((before, i) => before + way * (up.model[i] - before));
        return { up: { model }, metrics };
      },
    };
  },
  server: () => averaging(),
});
