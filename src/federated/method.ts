// What a federated method is: a value with two sides over named flat vectors.
//
//   clients   train on what the server sent and on what they kept themselves, and say what is sent and what is kept
//   server    takes the round's updates one after another, and decides what each client is sent next
//
// Nothing lives in an object that outlasts a call: what a client remembers is `kept`, what the server remembers is its
// state, and both are vectors. So a method can be resumed, spilled, and run in this thread, on workers or in a Flower
// federation without knowing it. docs/methods.md shows how one is written; methods/fedprox.ts is a short example.
import { shown } from "../runtime/options.ts";
import type { OptimizerRule } from "../nn/rule.ts";
import type { Key } from "../runtime/random.ts";
import type { Steps } from "../runtime/steps.ts";
import type { Kit } from "./kit.ts";
import type { Answers, Metrics, Named, Names, Reply, Turn, Vectors } from "./turn.ts";

export type { Answer, Answers, Keeping, Metrics, Named, Own, Reply, Turn, Vector, Vectors } from "./turn.ts";

/** A method at the clients of one thread, which take turns on it: whatever it holds is overwritten by the next turn. */
export interface ClientSide<
  Up extends string = string,
  Down extends string = string,
  Kept extends string = string,
  R extends Reply<Up, Kept> = Reply<Up, Kept>,
> {
  /** What the server begins with, the same at every client. */
  initial(): Vectors;
  /** A turn on the client's own rows, in steps. */
  train(turn: Turn<Down, Kept>): Steps<R>;
  /** Who answers after this turn's `down` and `kept`; good until the next call. */
  answers(turn: Turn<Down, Kept>): Answers | Steps<Answers>;
  /**
   * What the client would be sent had the server taken this reply and no other, so that it can answer right after a turn;
   * unless said `down` with what `up` has under the same names.
   */
  taken?(turn: Turn<Down, Kept>, reply: R): Named<Down>;
}

/** What the server holds of a reply. */
export interface Update {
  /** The client, by its number. */
  readonly client: number;
  /** What it sent, by name. */
  readonly up: Vectors;
  /** How many rows it is over. */
  readonly examples: number;
  /** Numbers beside it, by name. */
  readonly metrics: Metrics;
  /** What the client really sent, where the server has no more of it than this: its numbers behind masks. */
  readonly sent?: Readonly<Record<string, Uint32Array>>;
}

/** Scalars a client measured; `examples` is their weight. */
export interface Evaluation {
  /** The client, by its number. */
  readonly client: number;
  /** How many rows it is over. */
  readonly examples: number;
  /** Numbers beside it, by name. */
  readonly metrics: Metrics;
}

/** A round's updates going in one after another, in the order of the cohort; what comes out is the server's next state. */
export interface Gathering {
  add(update: Update): void;
  /** Whether what was added is needed no more: sums say so, what remembers an update or a vector of its does not. */
  readonly spends?: boolean;
  result(): Vectors;
}

export interface Round {
  readonly round: number;
  /** How many clients were asked. Fewer may answer. */
  readonly cohort: number;
  /** How many take part in the federation. */
  readonly clients: number;
  /** The address of the server's random numbers in this round. */
  readonly key: Key;
}

/** What a client is sent vectors for: a turn of training, a validation in between, or to answer once all is over. */
export type Purpose = "turn" | "validation" | "answers";

export interface To {
  /** The client, by its number. */
  readonly client: number;
  readonly round: number;
  readonly purpose: Purpose;
  readonly key: Key;
}

/** A method at the server: functions of a state that is vectors, which are replaced and never changed. */
export interface ServerSide {
  /** The state before the first round. */
  begin(initial: Vectors): Vectors;
  /** What a client is sent of the state; all of it unless said. Vectors that many are sent should be the same object. */
  down?(state: Vectors, to: To): Vectors;
  /** Takes what a round's clients answer, one by one. */
  gather(state: Vectors, round: Round): Gathering;
  /** Which cluster a client is in, where that is the server's to say. */
  cluster?(state: Vectors, client: number): number;
  /** Whether every vector that is sent goes into a mean under its own name, and nothing else of an update is used but weight. */
  readonly additive?: boolean;
  /** What an update's weight in such a mean is, where that is the same for every vector: its rows, or one for everybody. */
  readonly weighs?: "examples" | "alike" | undefined;
  /** Who validates a round and how they count: always the same clients, by their rows, unless said. */
  readonly validation?: { readonly by: "cohort" | "same"; readonly weighted: boolean };
}

export type Option = number | string | boolean;
/** A method's options by name. */
export type Options = Readonly<Record<string, Option>>;

/** Some of a method's options. */
export type Some<O extends Options> = string extends keyof O ? Options : Partial<O>;

/** What an option may be, where its default's type does not say enough. */
export interface Range {
  /** The least it may be. */
  readonly min?: number;
  /** The most it may be. */
  readonly max?: number;
  /** Whether it is a whole number. */
  readonly whole?: boolean;
  /** The words it may be. */
  readonly of?: readonly string[];
}

/** With these options the method is another one: the clients' own answers are the same bits, and a test says so. */
export interface Law<O extends Options = Options> {
  /** The options. */
  readonly when: Some<O>;
  /** The other method's name. */
  readonly is: string;
  /** Its options, where they are not its defaults. */
  readonly with?: Options;
}

/** How a method was run by somebody: settings only. */
export interface Preset<O extends Options = Options> {
  /** Options that are not the defaults. */
  readonly options?: Some<O>;
  /** How clients step. */
  readonly optimizer?: OptimizerRule;
  /** Epochs of a turn. */
  readonly localEpochs?: number;
  /** Rows in a batch; the last one of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Rounds of the federation. */
  readonly rounds?: number;
  /** Clients of a round. */
  readonly cohort?: number;
  /** Where it is from, and what is left out. */
  readonly note?: string;
}

/** Sizes that traffic is counted in: numbers, not bytes. */
export interface Sizes {
  readonly model: number;
  readonly body: number;
  readonly head: number;
  readonly features: number;
  readonly classes: number;
  /** Of the federation, and of a round. */
  readonly clients: number;
  /** Clients of a round. */
  readonly cohort: number;
}

/** A federated method: what it is called, what leaves a client, and its two sides. */
export interface Declaration<
  O extends Options = Options,
  Up extends string = string,
  Down extends string = Up,
  Kept extends string = never,
  R extends Reply<Up, Kept> = Reply<Up, Kept>,
> {
  /** As on the command line and in records. */
  readonly name: string;
  /** "arXiv 1602.05629", or a DOI. */
  readonly paper: string;
  /** Said where only its abstract was to be had, and the rest is our reading of it. */
  readonly after?: "abstract";
  /** What it does, in a sentence. */
  readonly about: string;
  /** Whether it reads labels as classes, and so has no part in a regression or where rows have several labels. */
  readonly needsClasses?: boolean;
  /** Whether it learns on rows that are public, and so has no part where an experiment has none. */
  readonly needsPublic?: boolean;
  /** Whether it goes by groups that rows are of, and so has no part where the data say none. */
  readonly needsGroups?: boolean;
  /** Every option with its default; a config may change them, and nothing else. */
  readonly options: O;
  /** What options may be, where their types do not say enough. */
  readonly ranges?: { readonly [N in keyof O]?: Range };
  /** What leaves a client, by name: the compiler and the host hold it to exactly that, and the audit log names it. */
  readonly sends: readonly Up[];
  /** What a client is sent, if it is called otherwise. */
  readonly receives?: readonly Down[];
  /** What of that is other clients' vectors as they sent them: a server would not be needed for it. */
  readonly peers?: readonly NoInfer<Down>[];
  /** Sent vectors that are differences by themselves; the others are what vectors of their names became. */
  readonly differences?: readonly NoInfer<Up>[];
  /** Scalars, beside `trainLoss`, that the server goes by: an update without one of them is left out. */
  readonly measures?: readonly string[];
  /** What a client keeps between its turns. */
  readonly keeps?: readonly Kept[];
  /** Makes the client side for one thread. */
  client(kit: Kit, options: O): ClientSide<NoInfer<Up>, NoInfer<Down>, NoInfer<Kept>, R>;
  /** Makes the server side. */
  server(options: O, kit: Kit): ServerSide;
  /** Numbers that a client is sent and sends in a turn, once every client has had one; and of those sent to it, its peers'. */
  traffic?(sizes: Sizes, options: O): { readonly down: number; readonly up: number; readonly peer?: number };
  /** Options with which it is another method, to the bit. */
  readonly laws?: readonly Law<NoInfer<O>>[];
  /** How it was run by somebody, by name. */
  readonly presets?: Readonly<Record<string, Preset<NoInfer<O>>>>;
}

// what is too much, as the compiler's message
type Undeclared<N> = [N] extends [never] ? unknown : { readonly undeclared: N };

/** A declared method whose types have been forgotten, as registries and hosts have it. */
export type Method = Declaration<Options, string, string, string>;

/** Declares a method; see Declaration. */
export function method<
  O extends Options,
  const Up extends string,
  const Down extends string = Up,
  const Kept extends string = never,
  R extends Reply<Up, Kept> = Reply<Up, Kept>,
>(declared: Declaration<O, Up, Down, Kept, R> & Undeclared<Exclude<keyof R["up"], Names<Up>>>): Method {
  if (!/^[a-z][a-z0-9-]*$/.test(declared.name))
    throw new RangeError(`method: name, got ${declared.name}, expected small letters, digits and hyphens`);
  return declared as unknown as Method;
}

/** A method's options with these over the defaults; a RangeError names what is wrong. */
export function optionsOf(
  { name, options, ranges = {} }: Pick<Method, "name" | "options" | "ranges">,
  given: Options = {},
): Options {
  for (const [option, value] of Object.entries(given)) {
    const usual = options[option];
    if (usual === undefined)
      throw new RangeError(`${name}: no option ${option}; there are ${Object.keys(options).join(", ") || "none"}`);
    const problem = refusal(value, usual, ranges[option]);
    if (problem) throw new RangeError(`${name}: ${option}, got ${shown(value)}, expected ${problem}`);
  }
  return { ...options, ...given };
}

// what was expected instead, if anything
function refusal(value: Option, usual: Option, { min = -Infinity, max = Infinity, whole, of }: Range = {}): string {
  if (typeof value !== typeof usual) return `a ${typeof usual}`;
  if (of && !(typeof value === "string" && of.includes(value))) return `one of ${of.join(", ")}`;
  if (typeof value !== "number") return "";
  if (!Number.isFinite(value)) return "a finite number";
  if (whole && !Number.isInteger(value)) return "a whole number";
  if (value < min || value > max) return `a number from ${min} to ${max}`;
  return "";
}
