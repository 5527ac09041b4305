// Mixtures of a federation's generalist and a client's own specialist.
export { type DeviceOptions, type DeviceProgress, type MixedAnswer, Mixture, personalize } from "./device.ts";
export {
  type Experts,
  type MixtureOptions,
  type OwnExamples,
  type PersonalOptions,
  trainAlone,
  trainAloneSteps,
  trainMixture,
  trainMixtureSteps,
} from "./experts.ts";
export { type Scores, type TestSet } from "./evaluate.ts";
export {
  asTwo,
  type ExpertOutput,
  type ExpertOutputs,
  type MixingSpace,
  mixtureLoss,
  mixtureScores,
} from "./mixture.ts";
export type { AnswersOn, Personalized, PersonalValidation } from "./compare.ts";
export type { MixtureSettings, Variant } from "./mixed.ts";
export type { Method } from "./methods.ts";
export type { GateTrust, Trust } from "./trust.ts";
export { type GeneralistOptions, type Participant, trainGeneralist } from "./federation.ts";
export { type Answer, Generalist, type Source } from "./generalist.ts";
export type { Inputs, Model, Rows } from "./model.ts";
