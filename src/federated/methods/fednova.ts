// FedNova (Wang et al. 2020): clients that take more steps do not count for more; each update is divided by how far its steps
// carry, and the average is multiplied by how far they carry on average.
import { method, type Method } from "../method.ts";
import type { ServerSide, Update } from "../method.ts";
import { stepping, Sums } from "../servers.ts";
import { heavyBall } from "../serverSteps.ts";
import { between } from "../vectors.ts";
import { sharedModel } from "./sharedModel.ts";

/** How far `steps` steps carry, in steps without momentum: each step's push goes on with momentum, or is pulled back by mu. */
export function reach(steps: number, { momentum, pull }: { momentum: number; pull: number }): number {
  let [velocity, total] = [0, 0];
  for (let k = 0; k < steps; k++) {
    velocity = momentum * velocity + 1;
    total = total * (1 - pull) + velocity;
  }
  return total;
}

// w + sum p_i (a / a_i) (w_i - w), where a is the mean of a_i: a weighted mean of the models, and the rest of the way from w
function normalised(weight: (update: Update) => number): ServerSide {
  return {
    begin: (initial) => initial,
    gather: (state) => {
      const sums = new Sums();
      let [total, reached, inverse] = [0, 0, 0];
      return {
        add: (update) => {
          const [p, a] = [weight(update), update.metrics["reach"]!];
          total += p;
          if (!(a > 0)) return;
          sums.add("model", update.up["model"]!, p / a, update.client);
          reached += p * a;
          inverse += p / a;
        },
        result: () => {
          const { model } = sums.means();
          return model
            ? { ...state, model: between(state["model"]!, model, (reached / total) * (inverse / total)) }
            : state;
        },
      };
    },
  };
}

export const fednova: Method = method({
  name: "fednova",
  paper: "arXiv 2007.07481",
  about: "FedAvg in which a client that takes more steps does not count for more",
  // `beta` is the momentum of the server
  options: { mu: 0, beta: 0 },
  ranges: { mu: { min: 0 }, beta: { min: 0, max: 1 } },
  sends: ["model"],
  measures: ["reach"],
  client: (kit, { mu }) => {
    const side = sharedModel(kit, { mu });
    const { momentum = 0, kind } = kit.options.optimizer;
    return {
      ...side,
      *train(turn) {
        const reply = yield* side.train(turn);
        const [steps, rate] = [reply.metrics["steps"]!, reply.metrics["rate"]!];
        const pull = steps > 0 ? (mu * rate) / steps : 0;
        return {
          ...reply,
          metrics: { ...reply.metrics, reach: reach(steps, { momentum: kind === "sgd" ? momentum : 0, pull }) },
        };
      },
    };
  },
  server: ({ beta }) =>
    stepping(
      normalised(({ examples }) => examples),
      "model",
      heavyBall({ lr: 1, beta }),
    ),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: {
      optimizer: { kind: "sgd", lr: 0.02, momentum: 0.9, weightDecay: 1e-4 },
      localEpochs: 2,
      batchSize: 32,
      rounds: 100,
      cohort: 16,
      note: "VGG on CIFAR-10, Dirichlet 0.1 over 16 clients; the rate's steps at half and three quarters are left out",
    },
    library: {
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.9, weightDecay: 1e-5 },
      localEpochs: 10,
      batchSize: 64,
      rounds: 50,
      note: "niid_bench",
    },
    safe: {},
  },
});
