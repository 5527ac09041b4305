// Modules, layers, optimisers and the paper's networks.
export { checkFinite } from "./finite.ts";
export { constant, fanInUniform, gaussian, type Initializer } from "./init.ts";
export { Conv2d, Dropout, Linear, MaxPool2d } from "./layers.ts";
export {
  Apply,
  type Beside,
  type Children,
  EVALUATE,
  type Forward,
  type Mode,
  type Module,
  type ParameterSpec,
  type Parts,
  Sequential,
  type Site,
} from "./module.ts";
export { Net, type NetOptions } from "./net.ts";
export { clipGradient, Clipped, gradientNorm } from "./clip.ts";
export { Adam, type AdamOptions, type Optimizer, type Rated, SGD, type SgdOptions } from "./optimizers.ts";
export { Together } from "./together.ts";
export { everyOptimizer, optimizerKinds } from "./everyOptimizer.ts";
export { type MakeOptimizer, type OptimizerKind, optimizerOf, type OptimizerRule, usualOptimizer } from "./rule.ts";
export {
  Adagrad,
  type AdagradOptions,
  AMSGrad,
  type AmsgradOptions,
  Lion,
  type LionOptions,
  RMSprop,
  type RmspropOptions,
} from "./adaptive.ts";
export { Accumulated } from "./accumulated.ts";
export { Augmented, type Augment, cropped, flipped, inTurn, noisy } from "./augment.ts";
export { Averaged } from "./averaged.ts";
export { clipGradientValues, ValueClipped } from "./clipValues.ts";
export { type ParameterGroup, Groups } from "./groups.ts";
export { factorAt, type Schedule } from "./schedule.ts";
export { Scheduled } from "./scheduled.ts";
export {
  type Memories,
  type Memory,
  type OptimizerState,
  optimizerState,
  type Remembering,
  restoreOptimizer,
  type SavedState,
} from "./state.ts";
export { bucketed, type Batching, inOrder, PaddedTextExamples, sorted } from "./paddedText.ts";
export { type Group, Parameters, type Part, type TensorSpec, type Vector } from "./parameters.ts";
export { type Sentences, TextExamples } from "./textExamples.ts";
export { BiLstm, Embedding, TextClassifier, type TextClassifierOptions } from "./text.ts";
export {
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
  type Output,
  sparseMlp,
  transformerText,
  transformerTextGate,
} from "./zoo.ts";
export { type Batch, type Examples, FloatExamples, ImageExamples, type Images } from "./examples.ts";
export {
  type Drawn,
  epochBatches,
  type EpochOptions,
  epochSteps,
  fit,
  type Fit,
  type FitOptions,
  fitSteps,
  type Loss,
  trainEpoch,
  type Validation,
} from "./fit.ts";
export { DivergenceError } from "./divergence.ts";
export { accuracy, type Answers, areaUnderCurve, calibrationError, macroF1, negativeLogLikelihood } from "./metrics.ts";
export { type Gaps, groupGaps, positiveRates, type RowGroups } from "./groupGaps.ts";
export { likelihood, validateNet, validation, validationSteps } from "./validate.ts";
export { BatchNorm, GroupNorm, LayerNorm } from "./norm.ts";
export { Chain } from "./chain.ts";
export { Combined } from "./combine.ts";
export { chance, shares, switchBalance, unevenness, zLoss } from "./balance.ts";
export { capacityOf, expertChoice, noiseWidth, noisyLogits, topKWeights, withinCapacity } from "./routing.ts";
export { type Routing, SparseMoe, type SparseMoeOptions } from "./sparseMoe.ts";
export { LoraLinear, type LoraOptions } from "./lora.ts";
export { adapted, isBeside } from "./adapted.ts";
export { Lora, LoraMixture, type LoraMixtureOptions, type Mixed } from "./loraMixture.ts";
export { SentenceEncoder, type SentenceEncoderOptions } from "./sentenceEncoder.ts";
export { Gru, Lstm, type RecurrentForward, type RecurrentOptions, type RecurrentStates } from "./recurrent.ts";
export { resnet, type ResnetOptions } from "./resnet.ts";
export { Transformer, type TransformerOptions, type WordLayersOptions } from "./transformer.ts";
export {
  type AttentionForward,
  MultiHeadAttention,
  type MultiHeadOptions,
  TransformerLayer,
  type TransformerLayerOptions,
} from "./transformerLayer.ts";
export { Conv1d, Convolution, ConvTranspose2d } from "./convolution.ts";
export { AdaptiveAvgPool2d, AvgPool2d, Flatten, PaddedMaxPool2d } from "./pooling.ts";
export {
  binaryCrossEntropy,
  cosineEmbedding,
  cosineSimilarity,
  type CrossEntropyOptions,
  huber,
  klDivergence,
  meanAbsoluteError,
  meanSquaredError,
  type Reduction,
  softmaxCrossEntropy,
  triplet,
} from "./losses.ts";
export { predictAll, predictSteps } from "./predict.ts";
export { FeatureExamples, type FeatureRows } from "./features.ts";
export { TargetExamples, type TargetRows } from "./targets.ts";
export { labelScores, regressionScores } from "./scores.ts";
export { asValidation, type Metrics, type Task, taskLoss, taskMetrics, type TaskName, taskOf } from "./task.ts";
