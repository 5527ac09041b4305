// What each op of moiety is in ONNX, operator set 17, or why it is nothing there.
import type { Tensor } from "../autograd/tensor.ts";
import type { Builder } from "./builder.ts";
import type { Rules } from "./rule.ts";
import { arrays } from "./rules/arrays.ts";
import { elementwise } from "./rules/elementwise.ts";
import { layers } from "./rules/layers.ts";
import { planes } from "./rules/planes.ts";
import { sequences } from "./rules/sequences.ts";

const rules: Rules = { ...elementwise, ...arrays, ...layers, ...planes, ...sequences };

const GRADIENT = "which is part of a gradient; export a net whose forward pass takes none";
const LOSS = "which is a loss; export the net in front of it";
const BATCHES = "which makes batches of stored rows; export the net that they go into";

/** Ops that have no rule, and what to do instead. */
const refusals: Readonly<Record<string, string>> = {
  dropout: "which draws by moiety's own addresses; export a net in evaluation, where Dropout does nothing",
  lstm: "which runs over packed sentences; use lstmSequence over sentences of one length",
  sentenceRows: BATCHES,
  gatherNormalize: BATCHES,
  gatherInt: BATCHES,
  nll: LOSS,
  crossEntropy: LOSS,
  mixtureNll: LOSS,
  aside: GRADIENT,
  ...Object.fromEntries(
    [
      ..."conv2dGradInput conv2dGradWeight conv2dGradBias convolveGradWeight winogradGradWeight embeddingGrad".split(
        " ",
      ),
      ..."reluGrad leakyReluGrad eluGrad sigmoidGrad tanhGrad logSigmoidGrad geluGrad geluTanhGrad siluGrad".split(" "),
      ..."clipGrad softmaxGrad logSoftmaxGrad nllGrad crossEntropyGrad normalizeGrad normalizeGradScale".split(" "),
      ..."mixtureGrad mixtureNllGrad mixtureLogGrad maxPool2dGrad avgPool2dGrad".split(" "),
      ..."attentionGrad selfAttentionGrad lstmGrad lstmStepsGrad gruStepsGrad".split(" "),
    ].map((name) => [name, GRADIENT]),
  ),
};

/** The ops that can be exported, by name. */
export const exported: readonly string[] = Object.keys(rules);

/** The ops that cannot. */
export const refused: readonly string[] = Object.keys(refusals);

/** The nodes of a tensor's op; a RangeError for an op that ONNX gets nothing of. */
export function emit(to: Builder, y: Tensor): string {
  const { name } = y.op!;
  if (!Object.hasOwn(rules, name))
    throw new RangeError(
      `onnx: op, got ${name}, ${refusals[name] ?? `expected one of ${exported.join(", ")}; export a net without it`}`,
    );
  to.from = name;
  return rules[name]!(to, y, y.inputs, y.attrs as never);
}
