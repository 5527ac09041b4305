// A gate alone that learns over answers which stand still: those are made once, and only the gate takes steps.
import { gather } from "../autograd/ops/rows.ts";
import { nll } from "../autograd/ops/nll.ts";
import { mean } from "../autograd/ops/sum.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Fit } from "../nn/fit.ts";
import type { Net } from "../nn/net.ts";
import { predictSteps } from "../nn/predict.ts";
import { optimizerOf } from "../nn/rule.ts";
import { validation } from "../nn/validate.ts";
import type { Key } from "../runtime/random.ts";
import type { Steps } from "../runtime/steps.ts";
import { fitBlocks, type OwnExamples, type PersonalOptions, ruleOf } from "./alone.ts";
import type { Outputs } from "./predictor.ts";

export interface GateOver {
  readonly gate: Net<"private">;
  /** What is weighed. */
  readonly parts: readonly Outputs[];
  /** What the gate sees; inputs unless said. */
  readonly sees?: Outputs | undefined;
  /** From what parts answer and the gate puts out to log-probabilities, with history. */
  readonly mix: (parts: readonly Tensor[], z: Tensor) => Tensor;
  /** Which training rows it learns from; all of them unless said. */
  readonly rows?: Int32Array | undefined;
}

/** Trains the gate on the client's training rows, and stops early by its validation rows. */
export function* trainGateOver(
  { gate, parts, sees, mix, rows }: GateOver,
  own: OwnExamples,
  options: PersonalOptions,
  key: Key,
): Steps<Fit> {
  const optimizer = optimizerOf(ruleOf(options), [gate.parameters]);
  const [answers, held] = [own.train, own.validation].map((examples) => parts.map((part) => part.on(examples)));
  const [seen, seenHeld] = [own.train, own.validation].map((examples) => sees?.on(examples));
  const of = (all: readonly Tensor[], rows: Tensor): Tensor[] => all.map((one) => gather(one, rows));
  try {
    return yield* fitBlocks([gate.parameters], options, {
      examples: own.train,
      ...(rows && { rows }),
      loss: ({ x, labels, rows: at }, mode) =>
        mean(nll(mix(of(answers!, at), gate.forward(seen ? gather(seen, at) : x, mode)), labels)),
      optimizer,
      key,
      validate: function* () {
        const logp = yield* predictSteps(own.validation, own.classes, (x, at) =>
          mix(of(held!, at), gate.predict(seenHeld ? gather(seenHeld, at) : x)),
        );
        const found = validation(logp.toArray(), own.validation.labels, own.classes);
        logp.dispose();
        return found;
      },
    });
  } finally {
    optimizer.dispose();
  }
}
