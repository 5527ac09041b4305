// moiety: a federation and its mixtures in a few lines, and the autograd library they stand on.
export * from "./autograd/index.ts";
export {
  type Answer,
  type DeviceOptions,
  type DeviceProgress,
  Generalist,
  type GeneralistOptions,
  type Inputs,
  type MixedAnswer,
  MixtureStream,
  type MixtureStreamOptions,
  Mixture,
  type Model,
  type Participant,
  personalize,
  type Rows,
  type Source,
  trainGeneralist,
} from "./moe/index.ts";
export { fold, type Key, key, Stream } from "./runtime/random.ts";
