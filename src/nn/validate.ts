// The loss of a classifier, and how good it is on examples.
import { mean } from "../autograd/ops/sum.ts";
import { nll } from "../autograd/ops/nll.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import type { Examples } from "./examples.ts";
import type { Loss, Validation } from "./fit.ts";
import { accuracy, negativeLogLikelihood } from "./metrics.ts";
import type { Mode } from "./module.ts";
import type { Net } from "./net.ts";
import { predictSteps } from "./predict.ts";

/** Mean negative log-likelihood of whatever puts out log-probabilities. */
export function likelihood(of: { forward(x: Tensor, mode: Mode): Tensor }): Loss {
  return ({ x, labels }, mode) => mean(nll(of.forward(x, mode), labels));
}

/** Loss and accuracy of a net on examples, in evaluation mode. */
export function validateNet(net: Net, examples: Examples, classes: number): Validation {
  return finish(validationSteps(net, examples, classes));
}

/** `validateNet`, resting after every batch. */
export function* validationSteps(
  of: { predict(x: Tensor): Tensor },
  examples: Examples,
  classes: number,
): Steps<Validation> {
  const answers = yield* predictSteps(examples, classes, (x) => of.predict(x));
  const found = validation(answers.toArray(), examples.labels, classes);
  answers.dispose();
  return found;
}

/** Loss and accuracy of log-probabilities [count, classes] row by row, over all rows unless said. */
export function validation(
  logp: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  rows: Int32Array = Int32Array.from({ length: labels.length }, (_, i) => i),
): Validation {
  const answers = { logp, classes };
  return { loss: negativeLogLikelihood(answers, labels, rows), accuracy: accuracy(answers, labels, rows) };
}
