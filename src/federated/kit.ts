// What a method builds its sides from: networks of the experiment's model, optimisers as the config asks for them, epochs
// and single steps at the turn's addresses. Made once per thread.
import { backward } from "../autograd/backward.ts";
import { noGrad } from "../autograd/op.ts";
import { sub } from "../autograd/ops/arithmetic.ts";
import { persistent, scope, type Tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import { type Drawn, epochBatches, type Loss } from "../nn/fit.ts";
import type { Forward, Mode, Module, Parts } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import type { Optimizer, Rated } from "../nn/optimizers.ts";
import type { Parameters, Part, Vector } from "../nn/parameters.ts";
import { optimizerOf, type OptimizerRule } from "../nn/rule.ts";
import { factorAt } from "../nn/schedule.ts";
import { type Task, taskLoss, taskMetrics } from "../nn/task.ts";
import { likelihood, validateNet } from "../nn/validate.ts";
import { Kept } from "../runtime/kept.ts";
import { fold, type Key } from "../runtime/random.ts";
import type { Steps } from "../runtime/steps.ts";
import { answering } from "./answering.ts";
import { Tally } from "./tally.ts";
import type { Answer, Turn } from "./turn.ts";

export { likelihood } from "../nn/validate.ts";

/** What an experiment says of the model and of training. */
export interface KitOptions {
  /** The model that is trained. */
  readonly model: Module;
  /** How many classes, or outputs. */
  readonly classes: number;
  /** What the model is asked for; classes unless said. */
  readonly task?: Task | undefined;
  /** The address of first values, and of whatever else is the same for everybody. */
  readonly key: Key;
  /** First weights of the model, the same for everybody. */
  readonly initial: Vector;
  /** How clients step, unless a method says otherwise. */
  readonly optimizer: OptimizerRule;
  /** Epochs of a turn. */
  readonly epochs: number;
  /** Rows in a batch; the last one of an epoch may be smaller. */
  readonly batchSize: number;
  /** Stages rows that are nobody's and that everybody may see, where an experiment has some; called once at most. */
  readonly publicRows?: (() => Examples) | undefined;
}

/** Which batches: all of the client's training rows, as often as the config says, unless told otherwise. */
export interface Which {
  /** Epochs at most. */
  readonly epochs?: number | undefined;
  /** Rows in a batch; the last one of an epoch may be smaller. */
  readonly batchSize?: number | undefined;
  readonly examples?: Examples | undefined;
  /** Names this training among several of a turn, which then has an order and masks of its own. */
  readonly stream?: string | undefined;
}

/** A batch that a step may be taken on. */
export interface At extends Drawn {
  readonly examples: Examples;
  readonly epoch: number;
}

export interface Step {
  readonly loss: Loss;
  /** What moves; without it the gradient is left where it is. */
  readonly optimizer?: Optimizer | undefined;
  /** Changes the gradient between backward and step: see Parameters.addGradient. */
  readonly correct?: (() => void) | undefined;
}

export interface Epochs extends Which, Step {
  readonly turn: Pick<Turn, "own" | "key" | "effort" | "round">;
  readonly optimizer: Rated;
}

/** What a training found and how far it went. */
export interface Trained {
  /** Mean loss of the last epoch, 0 where there were no rows. */
  readonly trainLoss: number;
  readonly steps: number;
  /** The sum of the rates of these steps. */
  readonly rate: number;
}

/** A model in two nets, so that one may be sent, frozen or replaced without the other. */
export interface Pair {
  readonly body: Net;
  readonly head: Net;
  readonly forward: Forward;
  readonly predict: Answer;
}

/** What a method builds from in one thread. */
export class Kit {
  /** What it was made with. */
  readonly options: KitOptions;
  /** How many classes there are, or outputs. */
  readonly classes: number;
  /** Epochs of a turn as the config has them. */
  readonly epochs: number;
  readonly #made = new Kept();
  #parts: Parts | undefined;
  #publicRows: Examples | undefined;

  constructor(options: KitOptions) {
    this.options = options;
    this.classes = options.classes;
    this.epochs = options.epochs;
  }

  // ---- the model and its parts

  /** The model that is trained. */
  get model(): Module {
    return this.options.model;
  }

  /** The model in two: features, and what makes answers of them. */
  get parts(): Parts {
    const { model } = this.options;
    this.#parts ??= model.split?.();
    if (!this.#parts) throw new TypeError("kit: got a model that cannot be split into body and head; use a Sequential");
    return this.#parts;
  }

  /** Width of what the body puts out. */
  get features(): number {
    return this.parts.head.specs[0]!.shape.at(-1)!;
  }

  /** Names of the body's parameters. */
  get body(): Part {
    return namesOf(this.parts.body);
  }

  /** Names of the head's parameters. */
  get head(): Part {
    return namesOf(this.parts.head);
  }

  /** Names of the layers that keep statistics of their inputs. */
  get norms(): Part {
    const layer = (name: string): string => name.slice(0, name.lastIndexOf(".") + 1);
    const layers = new Set(this.model.specs.flatMap(({ name, statistic }) => (statistic ? [layer(name)] : [])));
    return (name) => layers.has(layer(name));
  }

  /** First weights of the model, the same for everybody. */
  get initial(): Vector {
    return this.options.initial;
  }

  /** First weights of the body, and of the head. */
  get initialParts(): { readonly body: Vector; readonly head: Vector } {
    const size = sizeOf(this.parts.body);
    return { body: this.initial.subarray(0, size), head: this.initial.subarray(size) };
  }

  /** Rows that are nobody's and that server and clients alike may see; a TypeError where there are none. */
  get publicRows(): Examples {
    const { publicRows } = this.options;
    if (!this.#publicRows && !publicRows)
      throw new TypeError(
        "kit: got no public rows, expected some; an experiment has them with publicRows in its config",
      );
    return (this.#publicRows ??= this.#made.add(publicRows!()));
  }

  // ---- what a side is made of; all of it lives as long as the kit

  /** A net of a module, with parameters that are undefined until they are set. */
  net(module: Module = this.model, { trainable = true }: { trainable?: boolean } = {}): Net {
    return this.#made.add(new Net(module, { group: "private", trainable }));
  }

  /** The model as body and head. */
  pair(): Pair {
    const [body, head] = [this.net(this.parts.body), this.net(this.parts.head)];
    return {
      body,
      head,
      forward: (x, mode) => head.forward(body.forward(x, mode), mode),
      predict: answering(body, head),
    };
  }

  /** First values of a module of the method's own, the same for everybody. */
  first(module: Module, name: string): Vector {
    const net = new Net(module, { group: "private" }).init(fold(this.options.key, "init", name));
    const values = net.parameters.toArray();
    net.dispose();
    return values;
  }

  /** The config's optimiser, but for what a method says; `only` names the parameters that it moves. */
  optimizer(
    of: readonly Parameters[] | Parameters,
    { only, ...rule }: Partial<OptimizerRule> & { readonly only?: Part } = {},
  ): Rated {
    const blocks = "specs" in of ? [of] : of;
    const made = this.#made.add(optimizerOf({ ...this.options.optimizer, ...rule }, blocks, only));
    this.#rates.set(made, made.lr);
    return made;
  }

  /** A vector in linear memory, for corrections. */
  vector(size: number): Tensor<"f32"> {
    return this.#made.add(persistent([size]));
  }

  // ---- training

  /** The mean loss of the model, or of whatever answers as it does. */
  loss(of: { forward(x: Tensor, mode: Mode): Tensor }): Loss {
    const { task } = this.options;
    return task ? taskLoss(task, of) : likelihood(of);
  }

  /** The mean loss of a net on examples, in evaluation mode. */
  lossOn(net: Net, examples: Examples): number {
    const { task } = this.options;
    return task
      ? taskMetrics(task, net, examples, this.classes)["loss"]!
      : validateNet(net, examples, this.classes).loss;
  }

  readonly #rates = new Map<Rated, number>();

  /** Makes optimisers new for a turn, at the rate of its round. */
  begin({ round }: Pick<Turn, "round">, ...optimizers: readonly Rated[]): void {
    const { schedule } = this.options.optimizer;
    for (const optimizer of optimizers) {
      optimizer.reset();
      if (schedule) optimizer.lr = this.#rates.get(optimizer)! * factorAt(schedule, round);
    }
  }

  /** Epochs over the client's own rows with an optimiser that begins anew. */
  *train({ turn, loss, optimizer, correct, ...which }: Epochs): Steps<Trained> {
    this.begin(turn, optimizer);
    const tally = new Tally();
    for (const at of this.batches(turn, which)) {
      tally.add(at, this.step(at, { loss, optimizer, correct }));
      yield;
    }
    const { trainLoss, steps } = tally;
    return { trainLoss, steps, rate: steps * optimizer.lr };
  }

  /** The batches of a turn, for methods that step by themselves: take steps on each, and `yield` between them. */
  *batches(
    { own, key, effort }: Pick<Turn, "own" | "key" | "effort">,
    { epochs = this.epochs, batchSize = this.options.batchSize, examples = own.train, stream }: Which = {},
  ): Generator<At, void, void> {
    const root = stream === undefined ? key : fold(key, stream);
    for (let epoch = 0; epoch < worked(epochs, effort); epoch++)
      for (const drawn of epochBatches({ examples, batchSize, key: fold(root, epoch) }))
        yield { ...drawn, examples, epoch };
  }

  /** One step on a batch: loss, gradient, what `correct` makes of it, the optimiser. Returns the mean loss. */
  step({ examples, rows, mode }: At, { loss, optimizer, correct }: Step): number {
    return scope(() => {
      const mean = loss(examples.batch(rows, mode), mode);
      backward(mean);
      correct?.();
      optimizer?.step();
      return mean.item();
    });
  }

  /** Frees everything that was made of it. */
  dispose(): void {
    this.#made.dispose();
    this.#rates.clear();
  }
}

// a slow client does some of its epochs, but one at least
function worked(epochs: number, effort: number): number {
  return Math.min(epochs, Math.max(1, Math.round(effort * epochs)));
}

function namesOf({ specs }: Module): Part {
  const names = new Set(specs.map(({ name }) => name));
  return (name) => names.has(name);
}

function sizeOf({ specs }: Module): number {
  return specs.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
}

/** gradient += weight (w - anchor), which a term weight/2 |w - anchor|^2 adds; undefined, so no step is spent, for weight 0. */
export function pull(parameters: Parameters, anchor: Tensor, weight: number): (() => void) | undefined {
  if (weight === 0) return undefined;
  return () => scope(() => noGrad(() => void parameters.addGradient(sub(parameters.values, anchor), weight)));
}
