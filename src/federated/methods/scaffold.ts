// SCAFFOLD (Karimireddy et al. 2020), option II: gradients are corrected by what the server knows of all clients' gradients
// and this client of its own. The optimum it finds is that of the weights of the controls, whatever those of the models.
import { answering } from "../answering.ts";
import { method, type Method } from "../method.ts";
import { only, Sums } from "../servers.ts";
import { between, minus, plus, scaled, zerosLike } from "../vectors.ts";

export const scaffold: Method = method({
  name: "scaffold",
  paper: "arXiv 1910.06378",
  about: "clients correct their drift by control variates, which travel beside the model; for SGD without momentum",
  // `control` 0 leaves the correction out; `weights` of the controls: every client alike, or by its examples
  options: { lr: 1, control: 1, weights: "alike" },
  ranges: { lr: { min: 0 }, control: { min: 0, max: 1 }, weights: { of: ["alike", "examples"] } },
  sends: ["model", "control"],
  keeps: ["control"],
  differences: ["control"],
  client: (kit, { control }) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    const correction = kit.vector(net.parameters.size);
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        const { model, control: all } = turn.down;
        const own = turn.kept.control ?? zerosLike(all);
        net.parameters.copyFrom(model);
        correction.set(minus(all, own));
        const { trainLoss, rate } = yield* kit.train({
          turn,
          loss: kit.loss(net),
          optimizer,
          ...(control !== 0 && { correct: () => net.parameters.addGradient(correction, control) }),
        });
        const after = net.parameters.toArray();
        // the mean gradient of the turn's steps, but for a client that took none
        const next = rate > 0 ? plus(minus(own, all), minus(model, after), 1 / rate) : own;
        return {
          up: { model: after, control: minus(next, own) },
          kept: { control: next },
          metrics: { trainLoss },
        };
      },
      answers({ down }) {
        net.parameters.copyFrom(down.model);
        return { own: answering(net) };
      },
    };
  },
  server: ({ lr, weights }) => ({
    begin: ({ model }) => ({ model: model!, control: zerosLike(model!) }),
    down: only("model", "control"),
    gather: (state, { clients }) => {
      const sums = new Sums();
      let [examples, answered] = [0, 0];
      return {
        add: ({ client, up, examples: rows }) => {
          sums.add("model", up["model"]!, rows, client);
          sums.add("control", up["control"]!, weights === "alike" ? 1 : rows, client);
          examples += rows;
          answered++;
        },
        result: () => {
          const { model, control } = { ...state, ...sums.means() };
          const share = answered / clients;
          return {
            ...state,
            model: between(state["model"]!, model!, lr),
            control: examples > 0 ? plus(state["control"]!, scaled(control!, share)) : state["control"]!,
          };
        },
      };
    },
  }),
  traffic: ({ model }) => ({ down: 2 * model, up: 2 * model }),
  laws: [{ when: { control: 0, lr: 1 }, is: "fedavg" }],
  presets: {
    paper: { options: { lr: 1 }, note: "plain SGD: set federation.optimizer.kind=sgd without momentum" },
    library: {
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.9, weightDecay: 1e-5 },
      localEpochs: 10,
      batchSize: 64,
      rounds: 50,
      note: "niid_bench; its corrections are outside of the momentum and its controls begin as the model's parameters",
    },
    safe: {},
  },
});
