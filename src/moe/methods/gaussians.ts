// The federation's Gaussians in the features of a model that stays, in one round after the federation that trained it: what leaves
// a client is how many held-out rows of each class it has, the sums of their features by class, and the sums of their squares:
// C + C d + d numbers for C classes and d features, all of which a server that can only add suffices for.
import { method, type Method, type Vector } from "../../federated/method.ts";
import { only } from "../../federated/servers.ts";
import { predictSteps } from "../../nn/predict.ts";
import { featureSums } from "../gaussians.ts";

export const gaussians: Method = method({
  name: "gaussians",
  paper: "",
  about: "Gaussians of each class in the features of a model that stays, from sums over held-out rows",
  options: {},
  sends: ["counts", "sums", "squares"],
  receives: ["model"],
  client: (kit) => {
    const net = kit.net(kit.model, { trainable: false });
    const body = kit.net(kit.parts.body, { trainable: false });
    const { classes, features } = kit;
    return {
      initial: () => ({
        model: kit.initial,
        counts: new Float64Array(classes),
        sums: new Float64Array(classes * features),
        squares: new Float64Array(features),
      }),
      *train({ down, own: { validation } }) {
        // the body's parameters come first
        body.parameters.copyFrom(down.model.subarray(0, body.parameters.size));
        const z = yield* predictSteps(validation, features, (x) => body.predict(x));
        const found = featureSums({ values: z.toArray(), width: features }, validation.labels, classes);
        z.dispose();
        return { up: { ...found }, examples: validation.count, metrics: { trainLoss: 0 } };
      },
      answers({ down }) {
        net.parameters.copyFrom(down.model);
        return { own: (x) => net.predict(x) };
      },
    };
  },
  server: () => ({
    begin: (initial) => initial,
    down: (state, { purpose }) => (purpose === "answers" ? state : only("model")(state)),
    gather: (state) => {
      const next: Record<string, Vector> = { ...state };
      for (const name of ["counts", "sums", "squares"]) next[name] = new Float64Array(state[name]!.length);
      return {
        add: ({ up }) => {
          for (const [name, values] of Object.entries(up)) values.forEach((value, i) => (next[name]![i]! += value));
        },
        result: () => next,
      };
    },
  }),
});
