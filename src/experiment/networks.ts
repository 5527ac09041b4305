// Which networks a config asks for.
import {
  bilstmText,
  bilstmTextGate,
  chain,
  factors,
  lenetCifar,
  lenetCifarGate,
  lenetFashion,
  lenetFashionGate,
  mlp,
  mlpGate,
  type Module,
  sparseMlp,
  transformerText,
  transformerTextGate,
} from "../nn/index.ts";
import type { Dataset } from "../data/index.ts";
import { type Config, ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";
import { isAddress, ownNetworks } from "./ownNetworks.ts";

export interface Networks {
  readonly expert: Module;
  readonly gate: Module;
  /** A gate over three experts, where a variant of the mixture has them. */
  readonly threeGate?: Module | undefined;
}

/** Whether a variant of the mixture weighs three experts. */
function isThreeWay({ mixture }: Config): boolean {
  return Object.values(mixture.variants ?? {}).some(({ threeWay }) => threeWay);
}

/** The expert and the gates for a dataset. Of a module of one's own, `loadNetworks` must have loaded it before. */
export function networks(config: Config, dataset: Dataset): Networks {
  const { model } = config;
  const three = isThreeWay(config);
  if (isAddress(model)) return ownNetworks(config, dataset, three);
  const { expert, gate } = known(config, dataset);
  return { expert, gate: gate(1), ...(three && { threeGate: gate(3) }) };
}

function known(config: Config, dataset: Dataset): { expert: Module; gate: (outputs: number) => Module } {
  const { model } = config;
  const { name } = dataset;
  const classes = dataset.classes.length;
  if (dataset.kind === "text") {
    const words = dataset.vocabulary.length;
    if (model === "bilstm") return { expert: bilstmText(words, classes), gate: (n) => bilstmTextGate(words, n) };
    if (model === "transformer")
      return { expert: transformerText(words, classes), gate: (n) => transformerTextGate(words, n) };
    throw new ConfigError(`config: model ${model} takes images, got texts (${name}); use bilstm or transformer`);
  }
  const { shape } = dataset;
  const inputs = shape.reduce((n, size) => n * size, 1);
  if (model === "moe" || model === "soft-moe")
    return {
      expert: sparseMlp(inputs, classes, { soft: model === "soft-moe", probabilities: !config.task }),
      gate: (n) => mlpGate(inputs, n),
    };
  if (model === "chain") {
    const [steps, width] = shape;
    if (config.task || shape.length !== 2)
      throw new ConfigError(
        `config: model chain takes windows of rows that have classes, got ${shape.join("x")} (${name}); say files.windows`,
      );
    return { expert: chain(steps!, width!, classes), gate: (n) => mlpGate(inputs, n) };
  }
  if (model === "factors")
    return { expert: factors(inputs, classes, { probabilities: !config.task }), gate: (n) => mlpGate(inputs, n) };
  if (model === "mlp") {
    // the same layers as a gate's: targets are no probabilities
    if (config.task) return { expert: mlpGate(inputs, classes), gate: (n) => mlpGate(inputs, n) };
    return { expert: mlp(inputs, classes), gate: (n) => mlpGate(inputs, n) };
  }
  if (model === "bilstm" || model === "transformer")
    throw new ConfigError(
      `config: model ${model} takes texts, got ${shape.join("x")} numbers (${name}); use lenet or mlp`,
    );
  if (shape.join() === "3,32,32") return { expert: lenetCifar(classes), gate: lenetCifarGate };
  if (shape.join() === "1,28,28")
    return { expert: lenetFashion(classes, behaviour(config).expertOutput), gate: lenetFashionGate };
  throw new ConfigError(
    `config: model lenet takes images of 3x32x32 or 1x28x28, got ${shape.join("x")} (${name}); use mlp`,
  );
}
