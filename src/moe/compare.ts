// Everything one client does after the federation, none of which leaves it: fine-tuning, local training, the mixture, and
// the evaluation of all of them.
import type { Tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import { FloatExamples } from "../nn/examples.ts";
import { negativeLogLikelihood } from "../nn/metrics.ts";
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
import type { ExpertOutput } from "./mixture.ts";
import { expertFeatures, trainAnswersGate } from "./stacking.ts";

/** The methods every client is evaluated with. */
export type Method = "local" | "fedavg" | "finetuned" | "mixture" | "ensemble" | "constantWeight" | "stackedGate";

export interface ComparisonOptions {
  readonly client: number;
  readonly expert: Module;
  readonly gate: Module;
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
  readonly mixture: MixtureOptions;
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
  readonly scores: Readonly<Record<Method, Scores>>;
  readonly epochs: Readonly<Partial<Record<Method, { readonly epochs: number; readonly bestEpoch: number }>>>;
  readonly trust: GateTrust;
  /** The same of the stacked gate, in short. */
  readonly stackedTrust: Trust;
  /** The weight that the constant-weight baseline chose on validation. */
  readonly constantWeight: number;
  readonly validations: readonly PersonalValidation[];
}

/** The gate on the global test: counts of h in 20 bins for own and other classes, mean h by class. */
export interface GateTrust extends Trust {
  readonly own: readonly number[];
  readonly other: readonly number[];
  readonly perClass: readonly number[];
}

/** Does a gate gate? Its weights h of the specialist over the global test. */
export interface Trust {
  /** Mean h over rows of the client's majority classes, and over all others. */
  readonly ownMean: number;
  readonly otherMean: number;
  /** Standard deviation of h over all rows: 0 is a constant. */
  readonly spread: number;
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
    // the specialist begins as the fine-tuned generalist
    const specialist = keep(finetuned.clone({ group: "private" }));
    const gate = keep(new Net(gateModule, { group: "private" })).init(init.gate);
    const experts = { specialist, generalist, gate };
    const mixed = trainMixture(
      experts,
      own,
      { ...options.mixture, output },
      fold(key, "mixture"),
      hear("mixture", mixtureOn(experts, options)),
    );

    const { examples, classes } = test;
    const { space } = options.mixture;
    const lg = options.generalistOnTest;
    const z = keep(outputs(gate, examples, 1));
    const answersOf = (net: Net): Tensor => keep(expertAnswers(keep(outputs(net, examples, classes)), output));
    const general = expertAnswers(lg, output);
    // log-probabilities already: the tensor is the caller's
    if (general !== lg) keep(general);
    const fine = answersOf(finetuned);
    const { weight, stacked } = heldOutGates(options, finetuned);
    keep(stacked);
    const seen = keep(new FloatExamples(keep(expertFeatures(fine, general)), examples.labels));
    const stackedLogits = keep(outputs(stacked, seen, 1));
    const scores: Record<Method, Scores> = {
      local: score(answersOf(local), test),
      fedavg: score(general, test),
      finetuned: score(fine, test),
      mixture: score(keep(mixedAnswers(space, output, keep(outputs(specialist, examples, classes)), lg, z)), test),
      ensemble: score(keep(constantAnswers(fine, general, 0.5)), test),
      constantWeight: score(keep(constantAnswers(fine, general, weight)), test),
      stackedGate: score(keep(mixedAnswers("probability", "logSoftmax", fine, general, stackedLogits)), test),
    };
    return {
      client,
      specialist: specialist.parameters.toArray(),
      gate: gate.parameters.toArray(),
      scores,
      epochs: {
        finetuned: { epochs: tuned.epochs, bestEpoch: tuned.bestEpoch },
        local: { epochs: alone.epochs, bestEpoch: alone.bestEpoch },
        mixture: { epochs: mixed.epochs, bestEpoch: mixed.bestEpoch },
      },
      trust: trust(gateWeights(z), options),
      stackedTrust: spreadOf(gateWeights(stackedLogits), options),
      constantWeight: weight,
      validations,
    };
  } finally {
    for (const thing of made) thing.dispose();
  }
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
    const ls = outputs(specialist, examples, own.classes);
    const lg = outputs(generalist, examples, own.classes);
    const z = outputs(gate, examples, 1);
    const mixed = mixedAnswers(mixture.space, output, ls, lg, z);
    for (const raw of [ls, lg, z]) raw.dispose();
    return mixed;
  };
}

// weights of the fine-tuned model against the generalist, learnt on validation rows: one constant (of 0.05, 0.10 .. 0.95
// the one with the lowest loss, the first of equals), and a gate over their answers that starts from it
function heldOutGates(
  { own, output, generalist, key }: ComparisonOptions,
  finetuned: Net,
): { weight: number; stacked: Net<"private"> } {
  const { validation: held, classes } = own;
  const [ls, lg] = [finetuned, generalist].map((net) => {
    const raw = outputs(net, held, classes);
    const logp = expertAnswers(raw, output);
    if (logp !== raw) raw.dispose();
    return logp;
  }) as [Tensor, Tensor];
  const rows = Int32Array.from({ length: held.count }, (_, i) => i);
  let best = { h: 0.5, loss: Infinity };
  for (let i = 1; i < 20; i++) {
    const mix = constantAnswers(ls, lg, i / 20);
    const loss = negativeLogLikelihood({ logp: mix.toArray(), classes }, held.labels, rows);
    mix.dispose();
    if (loss < best.loss) best = { h: i / 20, loss };
  }
  const stacked = trainAnswersGate(ls, lg, held.labels, best.h, fold(key, "stacked"));
  ls.dispose();
  lg.dispose();
  return { weight: best.h, stacked };
}

const BINS = 20;

function trust(h: ArrayLike<number>, options: ComparisonOptions): GateTrust {
  const { test, classes: majority } = options;
  const own = new Array<number>(BINS).fill(0);
  const other = new Array<number>(BINS).fill(0);
  const sums = new Array<number>(test.classes).fill(0);
  const counts = new Array<number>(test.classes).fill(0);
  for (const row of test.global) {
    const label = test.examples.labels[row]!;
    const bin = Math.min(BINS - 1, Math.floor(h[row]! * BINS));
    (majority.includes(label) ? own : other)[bin]!++;
    sums[label]! += h[row]!;
    counts[label]!++;
  }
  const perClass = sums.map((sum, c) => (counts[c]! > 0 ? sum / counts[c]! : 0));
  return { own, other, perClass, ...spreadOf(h, options) };
}

function spreadOf(h: ArrayLike<number>, { test, classes: majority }: ComparisonOptions): Trust {
  const { labels } = test.examples;
  const rows = Array.from(test.global);
  const meanOf = (of: readonly number[]): number => of.reduce((sum, row) => sum + h[row]!, 0) / Math.max(1, of.length);
  const mean = meanOf(rows);
  const variance = rows.reduce((sum, row) => sum + (h[row]! - mean) * (h[row]! - mean), 0) / rows.length;
  return {
    ownMean: meanOf(rows.filter((row) => majority.includes(labels[row]!))),
    otherMean: meanOf(rows.filter((row) => !majority.includes(labels[row]!))),
    spread: Math.sqrt(variance),
  };
}
