// The calibration of a generalist as a federation of its own, after that which trained it: the model stays, and clients send
// sums over their held-out rows. In the first round how many rows of each class they have, then the loss and its first and
// second derivatives: 1 + (C + 1) + (C + 1)(C + 2) / 2 numbers for C classes. All of them are sums over clients, so a server
// that can only add suffices. A client that opted out applies what comes out, and sends nothing.
import { predictAll } from "../../nn/predict.ts";
import { countsOf } from "../../federated/statistics.ts";
import { method, type Method, type Vector, type Vectors } from "../../federated/method.ts";
import {
  alikeByClass,
  calibratedAnswers,
  calibrationSums,
  newtonStep,
  priorSums,
  uncalibrated,
} from "../calibration.ts";

/** Rounds in which Newton's method is there, halved steps among them: it needs six to eight. */
export const CALIBRATION_ROUNDS = 12;

export const calibration: Method = method({
  name: "calibration",
  paper: "arXiv 1901.06852",
  about: "a temperature and class biases for a model that stays, from sums over held-out rows",
  options: {},
  sends: ["counts?", "loss?", "gradient?", "curvature?"],
  receives: ["model", "calibration", "weights"],
  keeps: ["answers"],
  client: (kit) => {
    const { classes } = kit;
    const net = kit.net(kit.model, { trainable: false });
    return {
      initial: () => ({ model: kit.initial, calibration: uncalibrated(classes), weights: new Float64Array(classes) }),
      *train({ down, kept, own: { validation } }) {
        yield;
        const { labels } = validation;
        // the model stays, so what it says of these rows stays too
        let { answers } = kept;
        if (!answers) {
          net.parameters.copyFrom(down.model);
          const logp = predictAll(validation, classes, (x) => net.predict(x));
          answers = logp.toArray() as Vector;
          logp.dispose();
        }
        const rest = { kept: { answers }, examples: labels.length };
        if (down.weights.every((weight: number) => weight === 0))
          return { up: { counts: Float64Array.from(countsOf(labels, classes)) }, ...rest, metrics: { trainLoss: 0 } };
        const { loss, ...sums } = calibrationSums(answers, labels, down.calibration, down.weights);
        return { up: { loss: Float64Array.of(loss), ...sums }, ...rest, metrics: { trainLoss: loss } };
      },
      answers({ down }) {
        net.parameters.copyFrom(down.model);
        return { own: (x) => calibratedAnswers(net.predict(x), down.calibration) };
      },
    };
  },
  server: () => ({
    begin: (initial) => ({
      ...initial,
      counts: initial["weights"]!,
      best: initial["calibration"]!,
      // any loss is below, and it is finite as all state is
      bestLoss: Float64Array.of(3e38),
      step: new Float64Array(initial["calibration"]!.length),
    }),
    // what is tried is for turns; answers are those of the best
    down: ({ model, weights, calibration: tried, best }, { purpose }): Vectors =>
      purpose === "turn"
        ? { model: model!, weights: weights!, calibration: tried! }
        : { model: model!, calibration: best! },
    gather: (state) => {
      const sums = new Map<string, Float64Array>();
      return {
        add: ({ up }) => {
          for (const [name, values] of Object.entries(up)) {
            const sum = sums.get(name) ?? new Float64Array(values.length);
            values.forEach((value, i) => (sum[i]! += value));
            sums.set(name, sum);
          }
        },
        result: () => next(state, Object.fromEntries(sums)),
      };
    },
  }),
});

/** A round's sums into the server's next state: Newton's step from where the loss is lowest, halved where it rose. */
function next(state: Vectors, { counts, loss, gradient, curvature }: Partial<Record<string, Float64Array>>): Vectors {
  if (counts) return { ...state, counts, weights: alikeByClass(counts) };
  const tried = state["calibration"]!;
  let rows = 0;
  for (const count of state["counts"]!) rows += count;
  const prior = 1 / rows;
  const own = priorSums(tried, prior);
  const found = loss![0]! + own.loss;
  const plus = (at: Vector, step: Float64Array): Float64Array => step.map((d, i) => at[i]! + d);
  if (!(found < state["bestLoss"]![0]!)) {
    const step = Float64Array.from(state["step"]!, (d) => d / 2);
    return { ...state, step, calibration: plus(state["best"]!, step) };
  }
  const step = newtonStep(
    gradient!.map((g, i) => g + own.gradient[i]!),
    curvature!,
    prior,
  );
  return { ...state, best: tried, bestLoss: Float64Array.of(found), step, calibration: plus(tried, step) };
}
