// Training of the specialist with its gate, which stays at the client.
import { noGrad } from "../autograd/op.ts";
import { gather } from "../autograd/ops/rows.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { validation } from "../nn/validate.ts";
import type { Examples } from "../nn/examples.ts";
import type { Fit } from "../nn/fit.ts";
import type { Mode } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import type { Parameters } from "../nn/parameters.ts";
import { predictSteps } from "../nn/predict.ts";
import { optimizerOf } from "../nn/rule.ts";
import { Together } from "../nn/together.ts";
import { asValidation, taskMetricsSteps } from "../nn/task.ts";
import { Kept } from "../runtime/kept.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import { fitBlocks, type OnValidation, type OwnExamples, type PersonalOptions, ruleOf } from "./alone.ts";
import {
  asTwo,
  type ExpertOutput,
  type MixingSpace,
  mixtureLoss,
  mixtureScores,
  toLogProbabilities,
} from "./mixture.ts";

export interface MixtureOptions extends PersonalOptions {
  /** What is mixed; probabilities unless said. */
  readonly space?: MixingSpace;
  /** What the experts put out; log-probabilities unless said. */
  readonly output?: ExpertOutput;
  /** The gate's own learning rate; the specialist's if not given. */
  readonly gateLr?: number;
  /** Whether the gate's rate stays, or halves at every validation without improvement. */
  readonly gateSchedule?: "constant" | "plateau";
  /** Train the gate alone and leave the experts as they are. */
  readonly gateOnly: boolean;
  /**
   * Which rows the mixture learns from: those the specialist was trained on, or the validation rows, half of them to learn
   * from and half to stop early by. A specialist is nearly always right on the former, and says little about the others.
   */
  readonly learnFrom?: "train" | "validation";
  /** Whether the frozen generalist's dropout stays active while the mixture trains (the authors' code, Q8); not unless said. */
  readonly generalistDropout?: boolean;
}

/** A mixture's settings: how it trains, and what its gate is. */
export interface MixtureSettings extends MixtureOptions {
  /** Where the gate begins: at random, or with the generalist's layers wherever it has the same. */
  readonly gateInit?: "random" | "generalist";
}

/** Whatever answers inputs, if it does not learn. */
export interface Expert {
  predict(x: Tensor): Tensor;
  forward(x: Tensor, mode: Mode): Tensor;
}

/** The networks of a client. The generalist never learns: its backward is never computed. */
export interface Experts {
  /** The client's own model, which learns. */
  readonly specialist: Net<"private">;
  /** Everybody's model, which does not. */
  readonly generalist: Net;
  /** What weighs the two. */
  readonly gate: Net<"private">;
  /** A third expert, trained alone from random weights; the gate then has three outputs (see asTwo). */
  readonly alone?: Net<"private"> | undefined;
}

/** Experts that need not be networks where they do not learn. */
export interface Answerers extends Omit<Experts, "specialist" | "generalist"> {
  /** The client's own model, which learns. */
  readonly specialist: Net<"private"> | Expert;
  /** Everybody's model, which does not. */
  readonly generalist: Expert;
}

/** Trains specialist and gate together on a client's own rows. */
export function trainMixture(
  experts: Experts,
  own: OwnExamples,
  options: MixtureOptions,
  key: Key,
  onValidation?: OnValidation,
): Fit {
  return finish(trainMixtureSteps(experts, own, options, key, onValidation));
}

/** `trainMixture`, resting after every batch. */
export function* trainMixtureSteps(
  { specialist, generalist, gate, alone }: Answerers,
  own: OwnExamples,
  options: MixtureOptions,
  key: Key,
  onValidation?: OnValidation,
): Steps<Fit> {
  const { classes, task } = own;
  if (task && alone) throw new TypeError(`mixture: a third expert, got one in a ${task.name}, expected it for classes`);
  const width = task ? task.width(classes) : classes;
  const { space = "probability", output = "logSoftmax", gateOnly, generalistDropout, gateSchedule } = options;
  const { lr, gateLr = lr } = options;
  const { train, rows, held, heldRows } = lessons(own, options, fold(key, "halves"));
  // the likelihood mixes log-probabilities whatever the experts end in
  const mixed = (answers: Tensor): Tensor =>
    task ? task.answers(answers) : space === "probability" ? toLogProbabilities(answers, output, false) : answers;
  const learning: (Net | Expert)[] = [...(gateOnly ? [] : [specialist, ...(alone ? [alone] : [])]), gate];
  const trained = learning.map((net): Parameters => {
    if (net instanceof Net) return net.parameters;
    throw new TypeError("mixture: got a specialist that is not one model, expected one; or let the gate learn alone");
  });
  const kept = new Kept();
  // the answers of a net that does not learn are computed once
  const fixed = function* (net: Expert, examples: Examples): Steps<Tensor> {
    return kept.add(yield* predictSteps(examples, width, (x) => mixed(net.predict(x))));
  };
  try {
    const optimizers = trained.map((block) =>
      optimizerOf({ ...ruleOf(options), lr: block === gate.parameters ? gateLr : lr }, [block]),
    );
    const optimizer = kept.add(new Together(optimizers));
    const gateOptimizer = optimizers[trained.indexOf(gate.parameters)]!;
    const answersOf = function* (net: Expert, learns: boolean): Steps<Answers> {
      const onHeld = learns ? null : yield* fixed(net, held);
      // dropout that stays active gives other answers at every step
      const onTrain =
        learns || (net === generalist && generalistDropout) ? null : train === held ? onHeld : yield* fixed(net, train);
      return {
        train: (x, of, mode) => {
          if (onTrain) return gather(onTrain, of);
          return learns ? mixed(net.forward(x, mode)) : noGrad(() => mixed(net.forward(x, mode)));
        },
        held: (x, of) => (onHeld ? gather(onHeld, of) : mixed(net.predict(x))),
      };
    };
    const general = yield* answersOf(generalist, false);
    const special = yield* answersOf(specialist, !gateOnly);
    const third = alone && (yield* answersOf(alone, !gateOnly));
    return yield* fitBlocks(trained, options, {
      examples: train,
      ...(rows && { rows }),
      loss: ({ x, labels, rows: of }, mode) => {
        const answers = {
          generalist: general.train(x, of, below(mode, "generalist")),
          specialist: special.train(x, of, mode),
          alone: third?.train(x, of, below(mode, "alone")),
        };
        if (task) {
          const { specialist: own, generalist: shared } = answers;
          return task.loss(task.mix(own, shared, gate.forward(x, below(mode, "gate"))), labels);
        }
        return mixtureLoss(space, ...asTwo(space, answers, gate.forward(x, below(mode, "gate"))), labels);
      },
      optimizer,
      key,
      validate: function* () {
        if (task) {
          const put = (x: Tensor, of: Tensor): Tensor =>
            task.mix(special.held(x, of), general.held(x, of), gate.predict(x));
          const found = yield* taskMetricsSteps(task, put, held, classes, { mixed: true, rows: heldRows });
          return asValidation(task, found);
        }
        const scores = yield* predictSteps(held, classes, (x, of) => {
          const answers = {
            generalist: general.held(x, of),
            specialist: special.held(x, of),
            alone: third?.held(x, of),
          };
          return mixtureScores(space, ...asTwo(space, answers, gate.predict(x)));
        });
        const found = validation(scores.toArray(), held.labels, classes, heldRows);
        scores.dispose();
        return found;
      },
      onValidation: (at) => {
        if (gateSchedule === "plateau" && !at.best) gateOptimizer.lr /= 2;
        onValidation?.(at);
      },
    });
  } finally {
    kept.dispose();
  }
}

/** What an expert answers to a batch in training and to one held out. */
interface Answers {
  /** Rows to train on. */
  readonly train: (x: Tensor, rows: Tensor, mode: Mode) => Tensor;
  readonly held: (x: Tensor, rows: Tensor) => Tensor;
}

// what a mixture learns from and what it stops early by
function lessons(
  { train, validation: held }: OwnExamples,
  { learnFrom }: MixtureOptions,
  key: Key,
): { train: Examples; rows?: Int32Array<ArrayBuffer>; held: Examples; heldRows?: Int32Array<ArrayBuffer> } {
  if (learnFrom !== "validation") return { train, held };
  const order = new Stream(key).shuffle(Int32Array.from({ length: held.count }, (_, i) => i));
  const half = Math.floor(held.count / 2);
  return { train: held, rows: order.slice(0, half), held, heldRows: order.slice(half) };
}

// the nets of a step draw their masks from addresses of their own
function below(mode: Mode, part: string): Mode {
  return mode.train ? { train: true, key: fold(mode.key, part) } : mode;
}
