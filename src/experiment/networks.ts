// Which networks a config asks for.
import { lenetCifar, lenetCifarGate, lenetFashion, lenetFashionGate, mlp, mlpGate, type Module } from "../nn/index.ts";
import type { ImageDataset } from "../data/index.ts";
import { behaviour, type Config, ConfigError } from "./config.ts";

export interface Networks {
  readonly expert: Module;
  readonly gate: Module;
}

/** The expert and the gate for a dataset. */
export function networks(config: Config, { shape, classes, name }: ImageDataset): Networks {
  const [channels, height, width] = shape;
  if (config.model === "mlp") {
    const inputs = channels * height * width;
    return { expert: mlp(inputs, classes.length), gate: mlpGate(inputs) };
  }
  if (shape.join() === "3,32,32") return { expert: lenetCifar(classes.length), gate: lenetCifarGate() };
  if (shape.join() === "1,28,28")
    return { expert: lenetFashion(classes.length, behaviour(config).expertOutput), gate: lenetFashionGate() };
  throw new ConfigError(
    `config: model lenet takes images of 3x32x32 or 1x28x28, got ${shape.join("x")} (${name}); use mlp`,
  );
}
