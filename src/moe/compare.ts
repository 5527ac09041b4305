// Everything one client does after the federation, none of which leaves it: fine-tuning, local training, the mixture, and
// the evaluation of all of them.
import type { Tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import { FloatExamples } from "../nn/examples.ts";
import type { Fit } from "../nn/fit.ts";
import type { Module } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import { fold, type Key } from "../runtime/random.ts";
import {
  constantAnswers,
  expertAnswers,
  gateWeights,
  mixedAnswers,
  outputs,
  score,
  type Scores,
  type TestSet,
} from "./evaluate.ts";
import {
  type Experts,
  type MixtureOptions,
  type OwnExamples,
  type PersonalOptions,
  trainAlone,
  trainMixture,
} from "./experts.ts";
import { heldOutGates } from "./heldOut.ts";
import type { Method } from "./methods.ts";
import type { ExpertOutput } from "./mixture.ts";
import { expertFeatures } from "./stacking.ts";
import { gateTrust, type GateTrust, trust, type Trust } from "./trust.ts";

/** A mixture's settings: how it trains, and what its gate is. */
export interface MixtureSettings extends MixtureOptions {
  /** Where the gate begins: at random, or with the generalist's layers wherever it has the same. */
  readonly gateInit?: "random" | "generalist";
}

/** Another mixture of the same experts, trained beside the main one with settings of its own. */
export interface Variant extends Partial<
  Pick<
    MixtureSettings,
    "lr" | "gateLr" | "gateOnly" | "space" | "learnFrom" | "gateInit" | "validateEvery" | "patience" | "margin"
  >
> {
  /** Whether the model that the client trained alone is a third expert. */
  readonly threeWay?: boolean;
  /** What its specialist begins as: the fine-tuned model unless said, or the main mixture's specialist. */
  readonly begin?: "finetuned" | "mixture";
}

export interface ComparisonOptions {
  readonly client: number;
  readonly expert: Module;
  readonly gate: Module;
  /** A gate with three outputs, for variants that have three experts. */
  readonly threeGate?: Module | undefined;
  readonly output: ExpertOutput;
  /** The federation's net; its parameters are read only. */
  readonly generalist: Net;
  /** The generalist's outputs on the test split, which are the same for every client. */
  readonly generalistOnTest: Tensor;
  readonly own: OwnExamples;
  readonly test: TestSet;
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
  readonly specialist: Float32Array;
  readonly gate: Float32Array;
  readonly scores: Readonly<Record<Method, Scores> & Record<string, Scores>>;
  readonly epochs: Readonly<Record<string, Training>>;
  readonly trust: GateTrust;
  /** The same of every gate, in short. */
  readonly gates: Readonly<Record<string, Trust>>;
  /** The weight that the constant-weight baseline chose on validation. */
  readonly constantWeight: number;
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
  const { client, expert, gate: gateModule, output, generalist, own, test, key, init } = options;
  const validations: PersonalValidation[] = [];
  const hear =
    (method: PersonalValidation["method"], answers: AnswersOn) =>
    (at: { epoch: number; trainLoss: number; loss: number; accuracy: number; best: boolean }): void => {
      const { epoch, trainLoss, loss, accuracy, best } = at;
      const found = { method, epoch, trainLoss, validationLoss: loss, validationAccuracy: 100 * accuracy, best };
      validations.push(found);
      options.onValidation?.(found, answers);
    };
  const made: { dispose(): void }[] = [];
  const keep = <T extends { dispose(): void }>(thing: T): T => {
    made.push(thing);
    return thing;
  };
  try {
    const finetuned = keep(generalist.clone({ group: "private" }));
    const tuned = trainAlone(
      finetuned,
      own,
      options.alone,
      fold(key, "finetuned"),
      hear("finetuned", expertOn(finetuned, options)),
    );
    const local = keep(new Net(expert, { group: "private" })).init(init.local);
    const alone = trainAlone(local, own, options.alone, fold(key, "local"), hear("local", expertOn(local, options)));

    const { examples, classes } = test;
    const on = (net: Net, width: number): Tensor => keep(outputs(net, examples, width));
    const lg = options.generalistOnTest;
    const answersOf = (raw: Tensor): Tensor => {
      const logp = expertAnswers(raw, output);
      // log-probabilities already: the tensor is somebody's
      return logp === raw ? raw : keep(logp);
    };
    const general = answersOf(lg);
    const fineOutputs = on(finetuned, classes);
    const fine = answersOf(fineOutputs);

    const mix = (begin: Specialist, settings: MixtureSettings, threeWay: boolean, heard: boolean): Mixed => {
      if (threeWay && !options.threeGate) throw new Error("compareMethods: a three-way variant needs a threeGate");
      const specialist = keep(begin.net.clone({ group: "private" }));
      const gate = keep(new Net(threeWay ? options.threeGate! : gateModule, { group: "private" })).init(init.gate);
      if (settings.gateInit === "generalist") gate.parameters.copyMatching(generalist.parameters);
      const third = threeWay ? keep(local.clone({ group: "private" })) : undefined;
      const experts = { specialist, generalist, gate, alone: third };
      const told = heard ? hear("mixture", mixtureOn(experts, options)) : undefined;
      const fitted = trainMixture(experts, own, { ...settings, output }, fold(key, "mixture"), told);
      const z = on(gate, threeWay ? 3 : 1);
      const onTest = settings.gateOnly ? begin.onTest : on(specialist, classes);
      const answers = {
        specialist: onTest,
        generalist: lg,
        alone: third && on(third, classes),
      };
      const logp = keep(mixedAnswers(settings.space, output, answers, z));
      return { net: specialist, onTest, gate, fitted, scores: score(logp, test), weights: gateWeights(z) };
    };
    // the specialist begins as the fine-tuned generalist
    const tunedSpecialist = { net: finetuned, onTest: fineOutputs };
    const main = mix(tunedSpecialist, options.mixture, false, true);
    const variants = Object.entries(options.variants ?? {}).map(([name, { threeWay = false, begin, ...settings }]) => {
      const from = begin === "mixture" ? main : tunedSpecialist;
      return [name, mix(from, { ...options.mixture, ...settings }, threeWay, false)] as const;
    });

    const { weight, stacked } = heldOutGates(options, finetuned);
    keep(stacked);
    const seen = keep(new FloatExamples(keep(expertFeatures(fine, general)), examples.labels));
    const stackedLogits = keep(outputs(stacked, seen, 1));
    const both = { specialist: fine, generalist: general };
    const scores: Record<Method, Scores> & Record<string, Scores> = {
      local: score(answersOf(on(local, classes)), test),
      fedavg: score(general, test),
      finetuned: score(fine, test),
      mixture: main.scores,
      ensemble: score(keep(constantAnswers(fine, general, 0.5)), test),
      constantWeight: score(keep(constantAnswers(fine, general, weight)), test),
      stackedGate: score(keep(mixedAnswers("probability", "logSoftmax", both, stackedLogits)), test),
      ...Object.fromEntries(variants.map(([name, found]) => [name, found.scores])),
    };
    const epochsOf = ({ epochs, bestEpoch, best }: Fit): Training => ({ epochs, bestEpoch, bestLoss: best.loss });
    const gates = { mixture: main.weights, stackedGate: gateWeights(stackedLogits) };
    const weights = [...Object.entries(gates), ...variants.map(([name, found]) => [name, found.weights] as const)];
    return {
      client,
      specialist: main.net.parameters.toArray(),
      gate: main.gate.parameters.toArray(),
      scores,
      epochs: {
        finetuned: epochsOf(tuned),
        local: epochsOf(alone),
        mixture: epochsOf(main.fitted),
        ...Object.fromEntries(variants.map(([name, { fitted }]) => [name, epochsOf(fitted)])),
      },
      trust: gateTrust(main.weights, test, options.classes),
      gates: Object.fromEntries(weights.map(([name, h]) => [name, trust(h, test, options.classes)])),
      constantWeight: weight,
      validations,
    };
  } finally {
    for (const thing of made) thing.dispose();
  }
}

/** A specialist and what it puts out on the test. */
interface Specialist {
  readonly net: Net<"private">;
  readonly onTest: Tensor;
}

/** A mixture after its training, and how it does on the test. */
interface Mixed extends Specialist {
  readonly gate: Net<"private">;
  readonly fitted: Fit;
  readonly scores: Scores;
  readonly weights: ArrayLike<number>;
}

function expertOn(net: Net, { output, own }: ComparisonOptions): AnswersOn {
  return (examples) => {
    const raw = outputs(net, examples, own.classes);
    const logp = expertAnswers(raw, output);
    // log-probabilities already, or new ones
    if (logp !== raw) raw.dispose();
    return logp;
  };
}

function mixtureOn({ specialist, generalist, gate }: Experts, { output, own, mixture }: ComparisonOptions): AnswersOn {
  return (examples) => {
    const answers = {
      specialist: outputs(specialist, examples, own.classes),
      generalist: outputs(generalist, examples, own.classes),
    };
    const z = outputs(gate, examples, 1);
    const mixed = mixedAnswers(mixture.space, output, answers, z);
    for (const raw of [...Object.values(answers), z]) raw.dispose();
    return mixed;
  };
}
