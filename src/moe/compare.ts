// Everything one client does after the federation, none of which leaves it: fine-tuning, local training, the mixture, and
// the evaluation of all of them.
import type { Tensor } from "../autograd/tensor.ts";
import type { Vectors } from "../federated/method.ts";
import type { Examples } from "../nn/examples.ts";
import { FloatExamples } from "../nn/examples.ts";
import type { Fit } from "../nn/fit.ts";
import type { Module } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import { Kept } from "../runtime/kept.ts";
import { fold, type Key } from "../runtime/random.ts";
import {
  constantAnswers,
  expertAnswers,
  expertOn,
  gateWeights,
  mixedAnswers,
  outputs,
  score,
  type Scores,
} from "./evaluate.ts";
import { type Experts, type OnValidation, type PersonalOptions, trainAlone } from "./experts.ts";
import { heldOutGates } from "./heldOut.ts";
import type { Method } from "./methods.ts";
import { type Ingredients, type MixtureSettings, trainMixed, type Variant } from "./mixed.ts";
import { expertFeatures } from "./stacking.ts";
import { gateTrust, type GateTrust, trust, type Trust } from "./trust.ts";

export interface ComparisonOptions extends Ingredients {
  readonly client: number;
  readonly expert: Module;
  /** The client's majority classes, for the gate's histogram. */
  readonly classes: readonly number[];
  readonly alone: PersonalOptions;
  readonly mixture: MixtureSettings;
  /** Mixtures beside the main one, by the name of their method. */
  readonly variants?: Readonly<Record<string, Variant>>;
  /** Where every client's local model and gate begin (the authors' code shares one draw between clients, Q16). */
  readonly init: { readonly local: Key; readonly gate: Key };
  /** Root of this client's random numbers. */
  readonly key: Key;
  /** Hears of every validation; `answers` asks the model as it stands, which is only possible during the call. */
  readonly onValidation?: (at: PersonalValidation, answers: AnswersOn) => void;
}

/** Log-probabilities [count, classes] of the model in training on any examples; the caller disposes of them. */
export type AnswersOn = (examples: Examples) => Tensor;

export interface PersonalValidation {
  readonly method: "local" | "finetuned" | "mixture";
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly best: boolean;
}

/** What a client keeps, and what is told about it. */
export interface Personalized {
  readonly client: number;
  /** What stays with the client, by name: of the paper's methods the mixture's `specialist` and `gate`. */
  readonly kept: Vectors;
  readonly scores: Readonly<Record<string, Scores>>;
  readonly epochs: Readonly<Record<string, Training>>;
  /** What the mixture's gate trusts, where there is one. */
  readonly trust?: GateTrust;
  /** The same of every gate, in short. */
  readonly gates: Readonly<Record<string, Trust>>;
  /** The weight that the constant-weight baseline chose on validation. */
  readonly constantWeight?: number;
  readonly validations: readonly PersonalValidation[];
}

/** How long something was trained, and its best validation: what to choose between mixtures by. */
export interface Training {
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
}

/** Runs a client's private part. All networks made on the way are gone afterwards. */
export function compareMethods(options: ComparisonOptions): Personalized {
  const kept = new Kept();
  try {
    return compare(options, kept);
  } finally {
    kept.dispose();
  }
}

function compare(options: ComparisonOptions, kept: Kept): Personalized {
  const { client, expert, output, generalist, own, test, key, init } = options;
  const { examples, classes } = test;
  const validations: PersonalValidation[] = [];
  const hear = (method: PersonalValidation["method"], answers: AnswersOn): OnValidation =>
    hearing(method, (at) => {
      validations.push(at);
      options.onValidation?.(at, answers);
    });
  const hearExpert = (method: "finetuned" | "local", net: Net): OnValidation =>
    hear(method, (asked) => expertOn(net, asked, own.classes, output));

  const finetuned = kept.add(generalist.clone({ group: "private" }));
  const tuned = trainAlone(finetuned, own, options.alone, fold(key, "finetuned"), hearExpert("finetuned", finetuned));
  const local = kept.add(new Net(expert, { group: "private" })).init(init.local);
  const alone = trainAlone(local, own, options.alone, fold(key, "local"), hearExpert("local", local));

  // the specialist begins as the fine-tuned generalist
  const begin = { net: finetuned, onTest: kept.add(outputs(finetuned, examples, classes)) };
  const main = trainMixed(options, begin, undefined, options.mixture, kept, (experts) =>
    hear("mixture", (asked) => mixtureOn(experts, asked, options)),
  );
  const variants = Object.entries(options.variants ?? {}).map(([name, { threeWay, begin: from, ...settings }]) => {
    const specialist = from === "mixture" ? main : begin;
    const third = threeWay ? local : undefined;
    return [name, trainMixed(options, specialist, third, { ...options.mixture, ...settings }, kept)] as const;
  });

  const logpOf = (raw: Tensor): Tensor => {
    const logp = expertAnswers(raw, output);
    // log-probabilities already: the tensor is somebody's
    return logp === raw ? raw : kept.add(logp);
  };
  const both = { specialist: logpOf(begin.onTest), generalist: logpOf(options.generalistOnTest) };
  const { weight, stacked } = heldOutGates(options, finetuned);
  kept.add(stacked);
  const seen = kept.add(new FloatExamples(kept.add(expertFeatures(both.specialist, both.generalist)), examples.labels));
  const z = kept.add(outputs(stacked, seen, 1));
  const constant = (h: number): Scores => score(kept.add(constantAnswers(both.specialist, both.generalist, h)), test);
  const scores: Record<Method, Scores> & Record<string, Scores> = {
    local: score(kept.add(expertOn(local, examples, classes, output)), test),
    fedavg: score(both.generalist, test),
    finetuned: score(both.specialist, test),
    mixture: main.scores,
    ensemble: constant(0.5),
    constantWeight: constant(weight),
    stackedGate: score(kept.add(mixedAnswers("probability", "logSoftmax", both, z)), test),
  };
  const epochs: Record<string, Training> = {
    finetuned: trainingOf(tuned),
    local: trainingOf(alone),
    mixture: trainingOf(main.fitted),
  };
  const gates: Record<string, Trust> = {
    mixture: trust(main.weights, test, options.classes),
    stackedGate: trust(gateWeights(z), test, options.classes),
  };
  for (const [name, found] of variants) {
    scores[name] = found.scores;
    epochs[name] = trainingOf(found.fitted);
    gates[name] = trust(found.weights, test, options.classes);
  }
  return {
    client,
    kept: { specialist: main.net.parameters.toArray(), gate: main.gate.parameters.toArray() },
    scores,
    epochs,
    trust: gateTrust(main.weights, test, options.classes),
    gates,
    constantWeight: weight,
    validations,
  };
}

function hearing(method: PersonalValidation["method"], tell: (at: PersonalValidation) => void): OnValidation {
  return ({ epoch, trainLoss, loss, accuracy, best }) =>
    tell({ method, epoch, trainLoss, validationLoss: loss, validationAccuracy: 100 * accuracy, best });
}

const trainingOf = ({ epochs, bestEpoch, best }: Fit): Training => ({ epochs, bestEpoch, bestLoss: best.loss });

/** What a mixture in training says of any examples. */
function mixtureOn(
  { specialist, generalist, gate }: Experts,
  examples: Examples,
  { output, own, mixture }: ComparisonOptions,
): Tensor {
  const answers = {
    specialist: outputs(specialist, examples, own.classes),
    generalist: outputs(generalist, examples, own.classes),
  };
  const z = outputs(gate, examples, 1);
  const mixed = mixedAnswers(mixture.space, output, answers, z);
  for (const raw of [...Object.values(answers), z]) raw.dispose();
  return mixed;
}
