// FedDyn (Acar et al. 2021): every client's loss is changed by what it has learnt of its own gradient, so that all of them
// have the federation's optimum in common.
import { answering } from "../answering.ts";
import { pull } from "../kit.ts";
import { method, type Method } from "../method.ts";
import { only, Sums } from "../servers.ts";
import { minus, plus, zerosLike } from "../vectors.ts";

// how many examples each client that has been seen has, and how many they are on average
const seen = (state: Readonly<Record<string, unknown>>): number[] =>
  Object.entries(state).flatMap(([name, v]) => (name.startsWith("rows.") ? [(v as Float64Array)[0]!] : []));
const meanOf = (rows: readonly number[]): number =>
  rows.length > 0 ? rows.reduce((a, b) => a + b, 0) / rows.length : 0;

export const feddyn: Method = method({
  name: "feddyn",
  paper: "arXiv 2111.04263",
  about: "clients add a linear term that they learn, so that their optima become the federation's",
  // `weights`: whose optimum; `answer`: the server's iterate, or the mean of the clients' models, which is sent beside it
  options: { alpha: 0.1, weights: "alike", answer: "model" },
  ranges: { alpha: { min: 0 }, weights: { of: ["alike", "examples"] }, answer: { of: ["model", "mean"] } },
  sends: ["model"],
  receives: ["model", "mean?", "rows"],
  keeps: ["lambda"],
  client: (kit, { alpha, weights, answer }) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    const [anchor, linear] = [kit.vector(net.parameters.size), kit.vector(net.parameters.size)];
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        const { model, rows } = turn.down;
        const lambda = turn.kept.lambda ?? zerosLike(model);
        const { count } = turn.own.train;
        const scale = weights === "examples" && count > 0 && rows[0]! > 0 ? (alpha * rows[0]!) / count : alpha;
        net.parameters.copyFrom(model);
        anchor.set(model);
        linear.set(lambda);
        const pulled = pull(net.parameters, anchor, scale);
        const correct =
          pulled &&
          ((): void => {
            pulled();
            net.parameters.addGradient(linear, scale);
          });
        const { trainLoss, steps } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, correct });
        const after = net.parameters.toArray();
        return {
          up: { model: after },
          kept: { lambda: steps > 0 ? plus(lambda, minus(after, model)) : lambda },
          metrics: { trainLoss },
        };
      },
      answers({ down }) {
        net.parameters.copyFrom((answer === "mean" && down.mean) || down.model);
        return { own: answering(net) };
      },
      taken: ({ down }, { up: { model } }) => ({ ...down, model, ...(down.mean && { mean: model }) }),
    };
  },
  server: ({ weights, answer }) => ({
    begin: ({ model }) => ({ model: model!, mean: model!, lambda: zerosLike(model!), rows: new Float64Array(1) }),
    down: only("model", "rows", ...(answer === "mean" ? ["mean"] : [])),
    gather: (state, { clients }) => {
      const sums = new Sums();
      let answered = 0;
      const known: Record<string, Float64Array> = {};
      return {
        add: ({ client, up, examples }) => {
          // a client without rows has not moved, and its lambda neither
          if (examples === 0) return;
          sums.add("model", up["model"]!, 1, client);
          if (weights === "examples") known[`rows.${client}`] = Float64Array.of(examples);
          answered++;
        },
        result: () => {
          const { model: mean } = sums.means();
          if (!mean) return state;
          const lambda = plus(state["lambda"]!, minus(mean, state["model"]!), answered / clients);
          const next = { ...state, ...known, lambda, mean, model: plus(mean, lambda) };
          return { ...next, rows: Float64Array.of(meanOf(seen(next))) };
        },
      };
    },
  }),
  traffic: ({ model }) => ({ down: model + 1, up: model }),
  presets: {
    paper: {
      options: { alpha: 0.01 },
      optimizer: { kind: "sgd", lr: 0.1, weightDecay: 1e-3, clip: 10 },
      localEpochs: 5,
      batchSize: 50,
      note: "CIFAR-10, 100 clients",
    },
    library: {
      options: { alpha: 0.1 },
      optimizer: { kind: "sgd", lr: 0.01, clip: 10 },
      localEpochs: 5,
      batchSize: 32,
      note: "FL-bench's settings",
    },
    safe: { options: { alpha: 0.01 } },
  },
});
