// Presets of methods: how somebody ran one, written into a config as what it stands for. What a preset says of training is
// that method's alone, so that others of the same run keep the config's.
import type { Method, Preset } from "../federated/method.ts";
import { methodOf } from "./chosenMethods.ts";
import { type Config, ConfigError, type TrainingConfig } from "./config.ts";
import { loadMethods } from "./ownMethods.ts";

/** How the clients of one method are trained: as the federation says, but for what is the method's own. */
export function trainingOf({ federation, training = {} }: Config, name: string): Config["federation"] {
  const own = training[name];
  if (!own) return federation;
  const said = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...federation, ...Object.fromEntries(said) };
}

/** A config with a method's preset written out, from words like `ditto=paper`. */
export async function withPreset(config: unknown, words: string): Promise<unknown> {
  const { methods = {}, training = {} } = config as Partial<Pick<Config, "methods" | "training">>;
  const [name = "", wanted = ""] = words.split("=");
  await loadMethods({ methods });
  const found = Object.keys(methods).find((one) => methodOf(one).name === name);
  if (found === undefined)
    throw new ConfigError(
      `--preset: got ${words}, expected NAME=PRESET with one of ${Object.keys(methods).join(", ") || "the names of --method"}`,
    );
  const method = methodOf(found);
  const { options, ...rest } = presetOf(method, wanted);
  const own = trainingIn(rest);
  return {
    ...(config as object),
    methods: { ...methods, [found]: { ...options, ...methods[found] } },
    ...(Object.keys(own).length > 0 && { training: { ...training, [name]: { ...own, ...training[name] } } }),
  };
}

function presetOf({ name, presets = {} }: Method, wanted: string): Preset {
  const preset = Object.hasOwn(presets, wanted) ? presets[wanted] : undefined;
  if (!preset)
    throw new ConfigError(
      `--preset: ${name}, got ${wanted || "nothing"}, expected one of ${Object.keys(presets).join(", ") || "none: it has no presets"}`,
    );
  return preset;
}

function trainingIn({ optimizer, localEpochs, batchSize, rounds, cohort }: Preset): TrainingConfig {
  const { lr, ...rule } = optimizer ?? { lr: undefined };
  return {
    ...(lr !== undefined && { lr }),
    ...(optimizer && { optimizer: rule }),
    ...(localEpochs !== undefined && { localEpochs }),
    ...(batchSize !== undefined && { batchSize }),
    ...(rounds !== undefined && { rounds }),
    ...(cohort !== undefined && { cohort }),
  };
}
