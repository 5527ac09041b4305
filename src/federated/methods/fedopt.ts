// FedAdagrad, FedAdam and FedYogi (Reddi et al. 2020): the server takes what its clients found for a gradient, and steps with
// a rate for each coordinate. Without a correction of the first steps, as the paper has it.
import { method, type Method } from "../method.ts";
import { averaging, stepping } from "../servers.ts";
import { adaptive, type SecondMoment } from "../serverSteps.ts";
import { sharedModel } from "./sharedModel.ts";

const usual = { lr: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 };
const { beta2: _, ...without2 } = usual;
const range = { lr: { min: 0 }, beta1: { min: 0, max: 1 }, tau: { min: 0 } };

const common = {
  paper: "arXiv 2003.00295",
  sends: ["model"],
  client: sharedModel,
  traffic: ({ model }: { readonly model: number }) => ({ down: model, up: model }),
  presets: {
    paper: { options: { lr: 0.1, beta1: 0.9, tau: 1e-3 }, note: "rates are tuned for each task there" },
    library: { options: { lr: 0.1, tau: 1e-9 }, note: "Flower's defaults" },
    safe: { options: { lr: 0.01 } },
  },
} as const;

const second = (rule: (beta2: number) => SecondMoment) => ({
  options: usual,
  ranges: { ...range, beta2: { min: 0, max: 1 } },
  server: (options: typeof usual) => stepping(averaging(), "model", adaptive(options, rule(options.beta2))),
});

export const fedadagrad: Method = method({
  ...common,
  client: (kit) => common.client(kit),
  name: "fedadagrad",
  about: "FedAvg whose server divides by the root of all squares so far",
  options: without2,
  ranges: range,
  server: (options) =>
    stepping(
      averaging(),
      "model",
      adaptive(options, (v, d) => v + d * d),
    ),
});

export const fedadam: Method = method({
  ...common,
  client: (kit) => common.client(kit),
  name: "fedadam",
  about: "FedAvg whose server steps with Adam",
  ...second((beta2) => (v, d) => beta2 * v + (1 - beta2) * d * d),
});

export const fedyogi: Method = method({
  ...common,
  client: (kit) => common.client(kit),
  name: "fedyogi",
  about:
    "FedAvg whose server steps with Yogi, whose second moment moves by as much as a direction has, not by its share",
  ...second((beta2) => (v, d) => v - (1 - beta2) * d * d * Math.sign(v - d * d)),
});
