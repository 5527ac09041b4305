// Mixtures of a federation's generalist and a client's own specialist.
export { type DeviceOptions, type DeviceProgress, Mixture, personalize } from "./device.ts";
export { MixtureStream, type MixtureStreamOptions } from "./mixtureStream.ts";
export { type Experts, type MixtureOptions, type MixtureSettings, trainMixture, trainMixtureSteps } from "./experts.ts";
export { type OwnExamples, type PersonalOptions, trainAlone, trainAloneSteps } from "./alone.ts";
export { type Scores, type TestSet } from "./evaluate.ts";
export {
  asTwo,
  type ExpertOutput,
  type ExpertOutputs,
  type MixingSpace,
  mixtureLoss,
  mixtureScores,
} from "./mixture.ts";
export {
  type AnswersOn,
  Desk,
  type DeskOptions,
  type Entry,
  type Personal,
  personal,
  type Settings,
} from "./personal.ts";
export { personals } from "./methods/index.ts";
export { evaluateRows, type Personalized, type PersonalValidation, type Row } from "./personalized.ts";
export type { Outputs, Predictor } from "./predictor.ts";
export type { GateTrust, Trust } from "./trust.ts";
export { type GeneralistOptions, type Participant, trainGeneralist } from "./federation.ts";
export { type Answer, type MixedAnswer, Generalist, type Source } from "./generalist.ts";
export type { Inputs, Model, Rows } from "./model.ts";
