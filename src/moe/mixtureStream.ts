// A mixture's answers to inputs that come one after another: each is weighed by what all before it say of where they come from.
import { concat } from "../autograd/ops/slice.ts";
import { exp } from "../runtime/scalar.ts";
import { Evidence, type StreamOptions } from "./evidence.ts";
import { ask, type Generalist, largest, type MixedAnswer, onlyClasses, perRow } from "./generalist.ts";
import { labelLaw, logRatio } from "./labelLaw.ts";
import { calibratedAnswers } from "./calibration.ts";
import { classNumbers, type Inputs, type Rows } from "./model.ts";
import { evidenceOf, weightsOf } from "./posterior.ts";
import type { Net } from "../nn/net.ts";

/** Who answers: a mixture, whose gate is not asked. */
export interface Pair {
  readonly generalist: Generalist;
  readonly specialist: Net<"private">;
}

/** What a stream knows of its client, and expects of its inputs. */
export interface MixtureStreamOptions extends StreamOptions {
  /** The client's own labels, which its law of classes is counted from: those that it was personalised with. */
  readonly labels: Rows["labels"];
  /** Temperature and class biases [1 + classes] of the generalist, where a federation fitted them; evidence adds up its errors. */
  readonly calibration?: ArrayLike<number>;
}

/** Answers to a stream of inputs, in their order. One stream has one source at a time: a device has one, a server one for each user. */
export class MixtureStream {
  readonly #pair: Pair;
  readonly #ratio: Float64Array;
  readonly #calibration: ArrayLike<number> | undefined;
  readonly #evidence: Evidence;

  /** A RangeError where labels are no classes, or options no probabilities. */
  constructor(pair: Pair, { labels, calibration, ...rest }: MixtureStreamOptions) {
    const { model } = pair.generalist;
    const { classes } = model;
    onlyClasses("stream", model);
    if (calibration && calibration.length !== classes.length + 1)
      throw new RangeError(`stream: calibration, got ${calibration.length} numbers, expected ${classes.length + 1}`);
    this.#pair = pair;
    this.#ratio = logRatio(labelLaw(classNumbers(model, labels, labels.length), classes.length));
    this.#calibration = calibration;
    this.#evidence = new Evidence(rest);
  }

  /** How likely the next input is the client's own, before it is seen: from 0 to 1. */
  get own(): number {
    return weightsOf([this.#evidence.next])[0]!;
  }

  /** Answers to the next inputs; `trust` is how likely each is the client's own, after it and all before it. */
  predict(x: Inputs): MixedAnswer[] {
    const { specialist, generalist } = this.#pair;
    const { model } = generalist;
    const n = model.classes.length;
    const flat = ask(model, x, 2 * n, (inputs) => {
      const lg = generalist.net.predict(inputs);
      return concat([specialist.predict(inputs), this.#calibration ? calibratedAnswers(lg, this.#calibration) : lg], 1);
    });
    return perRow(flat, 2 * n).map((row) => {
      const [ls, lg] = [row.subarray(0, n), row.subarray(n)];
      const z = this.#evidence.push(evidenceOf(lg, this.#ratio)[0]!);
      const trust = weightsOf([z])[0]!;
      const [own, shared] = [ls, lg].map((logp) => Float32Array.from(logp, exp)) as [Float32Array, Float32Array];
      const probabilities = own.map((p, y) => trust * p + (1 - trust) * shared[y]!);
      return {
        label: model.classes[largest(probabilities)]!,
        probabilities,
        trust,
        specialist: own,
        generalist: shared,
      };
    });
  }
}
