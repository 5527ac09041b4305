// What a client does for itself after a federation, from who answers for it by then to models and mixtures of its own. Such
// values begin from each other, so each is made once, when somebody asks for it; nothing of it ever leaves the client.
import type { Options, Range } from "../federated/method.ts";
import type { Answer } from "../federated/turn.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import type { Module } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import { predictAll } from "../nn/predict.ts";
import { Kept } from "../runtime/kept.ts";
import type { Key } from "../runtime/random.ts";
import type { Steps } from "../runtime/steps.ts";
import { expertAnswers } from "./evaluate.ts";
import type { MixtureSettings } from "./experts.ts";
import type { OnValidation, OwnExamples, PersonalOptions } from "./alone.ts";
import type { FeatureSums } from "./gaussians.ts";
import type { ExpertOutput } from "./mixture.ts";
import { combined, type Outputs, type Predictor, remembered } from "./predictor.ts";

/** How an experiment has its clients train for themselves: defaults of the values' options. */
export interface Settings {
  /** Of trainings. */
  readonly training: PersonalOptions;
  /** Of mixtures. */
  readonly mixture: MixtureSettings;
}

/** A way to a predictor of a client's own. */
export interface Personal<O extends Options = Options> {
  /** As on the command line and in records. */
  readonly name: string;
  /** "arXiv 2108.07313", or a DOI; "" where there is none. */
  readonly paper: string;
  /** Said where only its abstract was to be had, and the rest is our reading of it. */
  readonly after?: "abstract";
  /** What it does, in a sentence. */
  readonly about: string;
  /** Whether it reads labels as classes, and so has no part in a regression or where rows have several labels. */
  readonly needsClasses?: boolean;
  /** Every option with its default, which may be what an experiment says of all trainings. */
  options(settings: Settings): O;
  /** What options may be, where their types do not say enough. */
  readonly ranges?: { readonly [N in keyof O]?: Range };
  /** Makes the predictor at a client's desk, in steps. */
  make(desk: Desk, options: O, name: string): Steps<Predictor>;
}

/** Declares a personal value; see Personal. */
export function personal<O extends Options>(declared: Personal<O>): Personal {
  return declared as unknown as Personal;
}

/** A value with options, under the name by which others ask for it. */
export interface Entry {
  /** What is made. */
  readonly value: Personal;
  /** Options that are not the defaults. */
  readonly options?: Options | undefined;
}

/** Log-probabilities [count, classes] of the model in training on any examples; the caller disposes of them. */
export type AnswersOn = (examples: Examples) => Tensor;

export type Heard = Parameters<OnValidation>[0];

/** A client, what it has and how it trains. */
export interface DeskOptions {
  /** Who the federation left to answer for this client: its `own`, and others as it calls them. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** The client's own rows. */
  readonly own: OwnExamples;
  /** The model that experts are. */
  readonly expert: Module;
  /** The network that gates are. */
  readonly gate: Module;
  /** A gate with three outputs, for mixtures of three experts. */
  readonly threeGate?: Module | undefined;
  /** What experts put out. */
  readonly output: ExpertOutput;
  /** Defaults of the values' options. */
  readonly settings: Settings;
  /** What can be asked for by name. */
  readonly entries: Readonly<Record<string, Entry>>;
  /** Temperature and class biases [1 + classes] of the federation's model, where its clients fitted them. */
  readonly calibration?: ArrayLike<number> | undefined;
  /** Sums of features by class over clients' held-out rows, where they sent them. */
  readonly gaussians?: FeatureSums | undefined;
  /** Where every client's local model and gate begin (the authors' code shares one draw between clients, Q16). */
  readonly init: { readonly local: Key; readonly gate: Key };
  /** Root of this client's random numbers. */
  readonly key: Key;
  /** What a role of the federation puts out for examples, where somebody has it already. */
  readonly known?: (role: string, examples: Examples, answer: Answer) => Tensor | undefined;
  /** Hears of every validation; `answers` asks the model as it stands, which is only possible during the call. */
  readonly hear?: (entry: string, at: Heard, answers: AnswersOn) => void;
}

/** One client at work for itself. What is made on it is gone when it is disposed of. */
export class Desk {
  /** What it was made with. */
  readonly options: DeskOptions;
  /** The client's own rows. */
  readonly own: OwnExamples;
  /** Root of this client's random numbers. */
  readonly key: Key;
  /** Defaults of the values' options. */
  readonly settings: Settings;
  /** Everything that was made here and is freed with it. */
  readonly kept: Kept = new Kept();
  readonly #made = new Map<string, Predictor>();

  constructor(options: DeskOptions) {
    this.options = options;
    ({ own: this.own, key: this.key, settings: this.settings } = options);
  }

  /** A predictor by name: an entry, a role of the federation, or "generalist", which is what it has for everybody. */
  *of(name: string): Steps<Predictor> {
    const { answers, entries } = this.options;
    const found = this.#made.get(name);
    if (found) return found;
    const entry = entries[name];
    const role = name === "generalist" ? (answers["shared"] ? "shared" : "own") : name;
    if (!entry && !answers[role])
      throw new RangeError(
        `personal: who answers, got ${name}, expected one of ${[...Object.keys(answers), ...Object.keys(entries)].join(", ")}`,
      );
    const made = entry
      ? yield* entry.value.make(this, { ...entry.value.options(this.settings), ...entry.options }, name)
      : role === name
        ? this.#roleOf(role, answers[role]!)
        : yield* this.of(role);
    this.#made.set(name, made);
    return made;
  }

  /** The models that a role's answer is made of, each as a predictor; where it is not made of several, that of the name. */
  *partsOf(name: string): Steps<readonly Predictor[]> {
    const parts = this.options.answers[name]?.parts;
    return parts ? parts.map((part, i) => this.#roleOf(`${name}.${i}`, part)) : [yield* this.of(name)];
  }

  /** The predictor of a network. */
  expert(net: Net, told: Omit<Predictor, keyof Outputs | "raw" | "net"> = {}): Predictor {
    return { ...this.#logp(this.outputs(net, this.own.classes)), net, ...told };
  }

  /** What a network puts out. */
  outputs(net: Net, width: number): Outputs {
    const predict = (x: Tensor): Tensor => net.predict(x);
    return remembered(this.kept, (examples) => predictAll(examples, width, predict), predict);
  }

  /** A predictor made of other log-probabilities, or of whatever else. */
  combined(
    parts: readonly Outputs[],
    combine: (...of: Tensor[]) => Tensor,
    told: Omit<Predictor, keyof Outputs | "raw" | "net"> = {},
  ): Predictor {
    const logp = combined(this.kept, parts, combine);
    return { ...logp, raw: logp, ...told };
  }

  /** A copy of a predictor's network that may be trained. */
  copyOf({ net }: Predictor, what: string): Net<"private"> {
    if (!net) {
      const models = Object.entries(this.options.answers).flatMap(([role, { weights }]) => (weights ? [role] : []));
      throw new RangeError(
        `${what}: got an answer that is not one model's, expected one that training can go on from; ` +
          `of this federation's that is ${models.join(", ") || "none"}`,
      );
    }
    return this.kept.add(net.clone({ group: "private" }));
  }

  /** Tells of an entry's validations, where somebody hears. */
  listen(entry: string, answers: AnswersOn): OnValidation | undefined {
    const { hear } = this.options;
    return hear && ((at) => hear(entry, at, answers));
  }

  /** Frees everything that was made here. */
  dispose(): void {
    this.#made.clear();
    this.kept.dispose();
  }

  // where experts put out probabilities, their logarithms; in another task than telling classes its answers
  #logp(raw: Outputs): Predictor {
    const { output } = this.options;
    const { task } = this.own;
    if (task) return { ...combined(this.kept, [raw], (of) => task.answers(of)), raw };
    if (output === "logSoftmax") return { ...raw, raw };
    return { ...combined(this.kept, [raw], (of) => expertAnswers(of, output)), raw };
  }

  #roleOf(role: string, answer: Answer): Predictor {
    const { own, expert, known } = this.options;
    const borrowed = (examples: Examples): Tensor | undefined => known?.(role, examples, answer);
    const made = remembered(this.kept, (examples) => predictAll(examples, own.classes, answer), answer);
    const raw: Outputs = { predict: answer, on: (examples) => borrowed(examples) ?? made.on(examples) };
    const net = (): Net => {
      const frozen = this.kept.add(new Net(expert, { group: "private", trainable: false }));
      frozen.parameters.copyFrom(answer.weights!());
      return frozen;
    };
    let found: Net | undefined;
    return Object.defineProperty(this.#logp(raw), "net", {
      enumerable: true,
      get: () => (answer.weights ? (found ??= net()) : undefined),
    });
  }
}
