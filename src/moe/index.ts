// Mixtures of a federation's generalist and a client's own specialist.
export {
  type Experts,
  type MixtureOptions,
  type OwnExamples,
  type PersonalOptions,
  trainAlone,
  trainMixture,
} from "./experts.ts";
export { type Scores, type TestSet } from "./evaluate.ts";
export { type ExpertOutput, type MixingSpace, mixtureLoss, mixtureScores } from "./mixture.ts";
export {
  type AnswersOn,
  type GateTrust,
  type Method,
  type Personalized,
  personalize,
  type PersonalizeOptions,
  type PersonalValidation,
} from "./personalize.ts";
