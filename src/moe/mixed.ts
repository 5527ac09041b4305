// One mixture of a client's comparison: what it may be set to, its training, and what it says of the test.
import type { Tensor } from "../autograd/tensor.ts";
import type { Fit } from "../nn/fit.ts";
import type { Module } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import type { Kept } from "../runtime/kept.ts";
import { fold, type Key } from "../runtime/random.ts";
import { gateWeights, mixedAnswers, outputs, score, type Scores, type TestSet } from "./evaluate.ts";
import { type Experts, type MixtureOptions, type OnValidation, type OwnExamples, trainMixture } from "./experts.ts";
import type { ExpertOutput } from "./mixture.ts";

/** A mixture's settings: how it trains, and what its gate is. */
export interface MixtureSettings extends MixtureOptions {
  /** Where the gate begins: at random, or with the generalist's layers wherever it has the same. */
  readonly gateInit?: "random" | "generalist";
}

/** Another mixture of the same experts, trained beside the main one with settings of its own. */
export interface Variant extends Partial<
  Pick<
    MixtureSettings,
    | "lr"
    | "gateLr"
    | "gateSchedule"
    | "gateOnly"
    | "space"
    | "learnFrom"
    | "gateInit"
    | "validateEvery"
    | "patience"
    | "margin"
  >
> {
  /** Whether the model that the client trained alone is a third expert. */
  readonly threeWay?: boolean;
  /** What its specialist begins as: the fine-tuned model unless said, or the main mixture's specialist. */
  readonly begin?: "finetuned" | "mixture";
}

/** What all mixtures of a client are made from; the networks are left as they are. */
export interface Ingredients {
  readonly gate: Module;
  /** A gate with three outputs, for variants that have three experts. */
  readonly threeGate?: Module | undefined;
  readonly output: ExpertOutput;
  readonly generalist: Net;
  /** The generalist's outputs on the test split. */
  readonly generalistOnTest: Tensor;
  readonly own: OwnExamples;
  readonly test: TestSet;
  readonly init: { readonly gate: Key };
  readonly key: Key;
}

/** A specialist and what it puts out on the test. */
export interface Specialist {
  readonly net: Net<"private">;
  readonly onTest: Tensor;
}

/** A mixture after its training, and how it does on the test. */
export interface Mixed extends Specialist {
  readonly gate: Net<"private">;
  readonly fitted: Fit;
  readonly scores: Scores;
  /** The weight of what is the client's own, for every row of the test split. */
  readonly weights: ArrayLike<number>;
}

/**
 * Trains a mixture that begins with a copy of a specialist, and of a third expert if one is given. What it is made of lives
 * as long as `kept`.
 */
export function trainMixed(
  { gate: gateModule, threeGate, output, generalist, generalistOnTest, own, test, init, key }: Ingredients,
  begin: Specialist,
  third: Net<"private"> | undefined,
  settings: MixtureSettings,
  kept: Kept,
  hear?: (experts: Experts) => OnValidation,
): Mixed {
  if (third && !threeGate) throw new Error("compareMethods: a three-way variant needs a threeGate");
  const on = (net: Net, width: number): Tensor => kept.add(outputs(net, test.examples, width));
  const specialist = kept.add(begin.net.clone({ group: "private" }));
  const gate = kept.add(new Net(third ? threeGate! : gateModule, { group: "private" })).init(init.gate);
  if (settings.gateInit === "generalist") gate.parameters.copyMatching(generalist.parameters);
  const alone = third && kept.add(third.clone({ group: "private" }));
  const experts = { specialist, generalist, gate, alone };
  const fitted = trainMixture(experts, own, { ...settings, output }, fold(key, "mixture"), hear?.(experts));
  const z = on(gate, third ? 3 : 1);
  // a specialist that did not train says what it said
  const onTest = settings.gateOnly ? begin.onTest : on(specialist, test.classes);
  const answers = { specialist: onTest, generalist: generalistOnTest, alone: alone && on(alone, test.classes) };
  const logp = kept.add(mixedAnswers(settings.space, output, answers, z));
  return { net: specialist, onTest, gate, fitted, scores: score(logp, test), weights: gateWeights(z) };
}
