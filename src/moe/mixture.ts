// A specialist and a generalist weighed by a gate, input by input:
// p(y|x) = h(x) p_specialist(y|x) + (1 - h(x)) p_generalist(y|x)   (Listo Zec et al. 2020, arXiv 2010.02056).
import { checkOne } from "../runtime/options.ts";
import { logSigmoid } from "../autograd/ops/activation.ts";
import { affine, sub } from "../autograd/ops/arithmetic.ts";
import { slice } from "../autograd/ops/slice.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { mixture, mixtureLog, mixtureNll } from "../autograd/ops/mixture.ts";
import { nll } from "../autograd/ops/nll.ts";
import { mean } from "../autograd/ops/sum.ts";
import { log } from "../autograd/ops/unary.ts";
import type { Tensor } from "../autograd/tensor.ts";

/**
 * What is mixed. "probability": the likelihood of the formula above. "output": whatever the experts put out, linearly and
 * without normalising, as the authors' code does - log-probabilities, or the probabilities of its Fashion-MNIST net.
 */
export type MixingSpace = "probability" | "output";

/** What the experts put out: log-probabilities, or (the authors' Fashion-MNIST net) probabilities. */
export type ExpertOutput = "logSoftmax" | "softmax";

/** What the experts of one gate put out, [rows, classes] each. */
export interface ExpertOutputs {
  /** The specialist's. */
  readonly specialist: Tensor;
  /** The generalist's. */
  readonly generalist: Tensor;
  /** The third expert, where there are three: the model that the client trained alone. */
  readonly alone?: Tensor | undefined;
}

/**
 * Two experts and their logit. Three, under a softmax over logits [rows, 3] in the order alone, specialist, generalist, are
 * a mixture of the first with the mixture of the others: the same weights, on the same kernels.
 */
export function asTwo(space: MixingSpace, experts: ExpertOutputs, z: Tensor): readonly [Tensor, Tensor, Tensor] {
  const { specialist, generalist, alone } = experts;
  if (!alone) return [specialist, generalist, z];
  const [za, zs, zg] = [0, 1, 2].map((at) => slice(z, { axis: 1, from: at, to: at + 1 })) as [Tensor, Tensor, Tensor];
  const within = sub(zs, zg);
  const others = mixtureScores(space, specialist, generalist, within);
  // w_alone is the sigmoid of za - ln(e^zs + e^zg), and that logarithm is zs - ln sigmoid(zs - zg)
  return [alone, others, sub(za, sub(zs, logSigmoid(within)))];
}

/**
 * The mean training loss of a batch.
 * @param ls the specialist's output [rows, classes]
 * @param lg the generalist's output [rows, classes]
 * @param z the gate's logits [rows, 1] or [rows]
 */
export function mixtureLoss(space: MixingSpace, ls: Tensor, lg: Tensor, z: Tensor, labels: Tensor): Tensor {
  checkSpace(space);
  return mean(space === "probability" ? mixtureNll(ls, lg, z, labels) : nll(mixtureLog(ls, lg, z), labels));
}

/** What validation scores: log-probabilities, or in "output" space the unnormalised mix whose negative is the loss. */
export function mixtureScores(space: MixingSpace, ls: Tensor, lg: Tensor, z: Tensor): Tensor {
  checkSpace(space);
  return space === "probability" ? mixture(ls, lg, z) : mixtureLog(ls, lg, z);
}

function checkSpace(space: MixingSpace): void {
  checkOne("mixture", "space", space, ["probability", "output"]);
}

// a probability of exactly 0 would have an infinite loss, which files cannot hold and averages do not survive
const LEAST = 1e-37;

/** Log-probabilities from what mixtureScores or an expert puts out; the order of classes in a row never changes. */
export function toLogProbabilities(scores: Tensor, output: ExpertOutput, mixed: boolean): Tensor {
  if (output === "softmax") return log(affine(scores, 1, LEAST));
  // a geometric mix of log-probabilities does not sum to one
  return mixed ? logSoftmax(scores) : scores;
}
