// What can be asked for, validated in one place. A config is complete: presets fill it, flags and --set change it, and a
// run folder's config.json repeats it.
import type { OwnData, StreamOptions, TargetKind } from "../data/index.ts";
import type { Attack } from "../federated/hosts/attacked.ts";
import type { OptimizerRule } from "../nn/index.ts";
import { type PartitionConfig, partitionKinds } from "./partitionKinds.ts";
import { type ShiftConfig, shiftKinds } from "./shiftKinds.ts";

export type { PartitionConfig } from "./partitionKinds.ts";

/** Behaviours that a config can choose one by one; see behaviour() of fidelity.ts. */
export interface QuirksConfig {
  readonly selection?: "average" | "last-client" | undefined;
  readonly keep?: "best" | "last" | undefined;
  readonly generalistDropout?: boolean | undefined;
}

/** How a gate learns, where it is not as the specialist does. */
export interface GateConfig {
  /** The gate's own learning rate. */
  readonly gateLr?: number | undefined;
  /** Whether that rate stays (unless said), or halves at every validation without improvement. */
  readonly gateSchedule?: "constant" | "plateau" | undefined;
  /** Rows it learns from: the specialist's training rows unless said, or half of the validation rows. */
  readonly learnFrom?: "train" | "validation" | undefined;
  /** The gate begins at random unless said, or with those of the generalist's layers that it has too. */
  readonly gateInit?: "random" | "generalist" | undefined;
  /** Its own early stopping; that of `personal` unless said. */
  readonly validateEvery?: number | undefined;
  readonly patience?: number | undefined;
  readonly margin?: number | undefined;
}

/** What a mixture beside the main one does otherwise. */
export interface VariantConfig extends GateConfig {
  readonly lr?: number | undefined;
  readonly gateOnly?: boolean | undefined;
  readonly space?: "probability" | "output" | undefined;
  /** What its specialist begins as: the fine-tuned model unless said, or the main mixture's specialist. */
  readonly begin?: "finetuned" | "mixture" | undefined;
  /** Whether the model that the client trained alone is a third expert, under a gate with three outputs. */
  readonly threeWay?: boolean | undefined;
}

/** A client's optimiser but for its rate. */
export type OptimizerConfig = {
  readonly [Field in Exclude<keyof OptimizerRule, "lr" | "make">]?: OptimizerRule[Field] | undefined;
};

/** How compared methods are measured. */
export interface ClockConfig {
  /** All evaluated clients' own models are also tested after every so many rounds; never unless said. */
  readonly every?: number | undefined;
  /** Whether they are also tested after one more turn of training; they are unless said, which costs a round of all of them. */
  readonly turn?: boolean | undefined;
  /** Rows of the global test for each client, drawn for it; all unless said. */
  readonly globalRows?: number | undefined;
}

/** What of a federation may be one method's own. */
export interface TrainingConfig {
  readonly rounds?: number | undefined;
  readonly cohort?: number | undefined;
  readonly localEpochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly lr?: number | undefined;
  readonly optimizer?: OptimizerConfig | undefined;
}

/** As in a config: `federation.privacy`. One of `epsilon` and `multiplier`. */
export interface PrivacyConfig {
  /** Who clips and adds noise: the server to its sums, as it does unless said, or every client to what it sends. */
  readonly kind?: "central" | "local" | undefined;
  /** The largest L2 norm of an update, all its vectors together; the first one, with `quantile`. */
  readonly clip: number;
  /** What all rounds together may cost, or one answer of a client's where the noise is local; the noise is made for it. */
  readonly epsilon?: number | undefined;
  /** Or the noise itself: its standard deviation over the clip. */
  readonly multiplier?: number | undefined;
  /** 1e-5 unless said; where the noise is central, below one over the number of clients. */
  readonly delta?: number | undefined;
  /** With `multiplier`: the epsilon after which no round is begun. Local: what all answers of a client may cost. */
  readonly budget?: number | undefined;
  /** The clip follows this quantile of the updates' norms. */
  readonly quantile?: number | undefined;
}

/** A complete description of an experiment. */
export interface Config {
  /** What it began as, and what its run folder is called after. */
  readonly preset: string;
  /** The method as meant, or the authors' code bug for bug. */
  readonly fidelity: "paper" | "authors-code";
  /** A dataset known by name or, with `files`, any name for one's own. */
  readonly dataset: string;
  /** Files of one's own, and the folder they are in. */
  readonly files?: (OwnData & { readonly folder: string }) | undefined;
  /** What rows are asked for, of files of one's own: numbers, or any of several labels; one class of several unless said. */
  readonly task?: TargetKind | undefined;
  /** "lenet", "mlp", "bilstm", "transformer", or the address of a module that exports an expert and a gate (see OwnNetworks). */
  readonly model: string;
  /** The seed of everything random. */
  readonly seed: number;
  /** How many clients there are. */
  readonly clients: number;
  /** Who owns which rows. */
  readonly partition: PartitionConfig;
  /** How clients differ in what they see of their rows, or what they call it; in nothing unless said. */
  readonly shift?: ShiftConfig | undefined;
  /** Whether rows come in order in the course of the rounds; else a client has all of its rows in every round. */
  readonly stream?: StreamOptions | undefined;
  /** Rows of each client. */
  readonly rows: {
    readonly train: number;
    /** 0 where nobody validates, neither in the federation nor for itself. */
    readonly validation: number;
    /** 0 where nobody is evaluated. */
    readonly test: number;
  };
  /** Fraction of the clients that never send. */
  readonly optOut: number;
  /** Fraction of every client's training rows that the federation never uses. */
  readonly ownRowsKeptBack: number;
  /** Rows of the training split that are no client's and that everybody may see, for methods that learn on such; none unless said. */
  readonly publicRows?: number | undefined;
  /** How the federation trains. */
  readonly federation: {
    readonly rounds: number;
    /** Clients trained in a round. */
    readonly cohort: number;
    readonly localEpochs: number;
    readonly batchSize: number;
    readonly lr: number;
    /** Rounds from one validation to the next; 0 is never: the last round is the one that stays. */
    readonly validateEvery: number;
    readonly patience: number;
    /** How many opted-in clients validate (paper; the authors' code uses the round's cohort). */
    readonly validationClients: number;
    /** Simulated: the share of a cohort that does not answer, and of the others that gets only some of its epochs done. */
    readonly dropout?: number | undefined;
    readonly slow?: number | undefined;
    /** Whether a round has so many clients, or each of them by itself with the probability that gives so many on average. */
    readonly sampling?: "fixed" | "poisson" | undefined;
    /** Simulated: clients that lie about what they found. */
    readonly attack?: Attack | undefined;
    /** Differential privacy: central for methods whose server averages, local for those that send what can be clipped. */
    readonly privacy?: PrivacyConfig | undefined;
    /** How clients step, at rate `lr`; Adam unless said. */
    readonly optimizer?: OptimizerConfig | undefined;
  };
  /**
   * Federated methods to compare, by name or by the address of a module, each with the options that are not its defaults. Left
   * out, the generalist is trained by FedAvg and the paper's methods are made from it.
   */
  readonly methods?: Readonly<Record<string, Readonly<Record<string, number | string | boolean>>>> | undefined;
  /** How single methods are trained, by name, where that is not as `federation` says; presets of methods write it. */
  readonly training?: Readonly<Record<string, TrainingConfig>> | undefined;
  /** When models of compared methods are tested, beside the end. */
  readonly clock?: ClockConfig | undefined;
  /** How clients train for themselves. */
  readonly personal: {
    /** How many clients are personalised and evaluated, drawn from all; 0 is the federation alone. */
    readonly clients: number;
    readonly lr: number;
    /** How they step, at rate `lr`; Adam unless said. */
    readonly optimizer?: Omit<OptimizerConfig, "schedule"> | undefined;
    readonly epochs: number;
    readonly batchSize: number;
    readonly validateEvery: number;
    readonly patience: number;
    /** How much lower a validation loss must be to count as an improvement. */
    readonly margin: number;
  };
  /** How mixtures train and what their gates are. */
  readonly mixture: GateConfig & {
    /** Of the specialist, and of the gate unless it has its own. */
    readonly lr: number;
    readonly gateOnly: boolean;
    /** "auto" is probability for the paper and the experts' output for the authors' code. */
    readonly space: "auto" | "probability" | "output";
    /** Mixtures trained beside it from the same fine-tuned specialist, each a method of its own, by name. */
    readonly variants?: Readonly<Record<string, VariantConfig>> | undefined;
  };
  /**
   * A gate that knows how likely an input is the client's own, beside the paper's methods: with what it is made of, held
   * against, and over streams. Left out, there is none.
   */
  readonly posterior?:
    | {
        /** The share of own inputs that is reckoned with. */
        readonly rho: number;
        /** The probability that the source of a stream changes from one input to the next; "held-out": chosen by each client. */
        readonly hazard: number | "held-out";
        /** Whether clients calibrate the generalist first, by sums over their held-out rows. */
        readonly calibrate: boolean;
        /** Whether clients send sums of features by class, for a gate that learns what else they differ in; not unless said. */
        readonly features?: boolean | undefined;
      }
    | undefined;
  /** Single behaviours that differ from the fidelity's, to see what each is worth. */
  readonly quirks?: QuirksConfig | undefined;
  /** Federated rounds between checkpoints. */
  readonly checkpointEvery: number;
}

/** A plain error in what a user asked for: shown as one line, without a stack trace. */
export class ConfigError extends Error {
  /** What tells it from other errors where classes do not: between threads. */
  override readonly name = "ConfigError";
}

/**
 * A config with one field changed, named by its path: `override(config, "federation.lr", 1e-3)`. The result is to be
 * checked by parseConfig. Another `partition.kind` begins with the fields that partitionKinds
 * says, but for those that it had before.
 */
export function override(config: unknown, path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(config);
  const keys = keysOf(config, path);
  if (keys.length > DEEPEST || keys.includes("__proto__"))
    throw new ConfigError(
      `config: no field ${path.slice(0, 60)}, got ${keys.length} levels, expected ${DEEPEST} at most`,
    );
  let at = fieldsOf(copy, path);
  for (const [i, key] of keys.slice(0, -1).entries()) {
    if (!Object.hasOwn(at, key) && isOptional(keys.slice(0, i + 1))) at[key] = {};
    if (!Object.hasOwn(at, key)) throw unknownField(path, at);
    at = fieldsOf(at[key], path);
  }
  const last = keys[keys.length - 1]!;
  // another kind of partition brings fields of its own
  if (path === "partition.kind" && at["kind"] !== value && isOne(partitionKinds, value)) {
    const { begins } = partitionKinds[value];
    const kept = Object.entries(at).filter(([field]) => field !== "kind" && Object.hasOwn(begins, field));
    fieldsOf(copy, path)["partition"] = { ...begins, ...Object.fromEntries(kept) };
    return copy;
  }
  if (path === "shift.kind" && at["kind"] !== value && isOne(shiftKinds, value)) {
    const { drift, globalTest } = at;
    const { begins } = shiftKinds[value];
    const kept = { ...(drift !== undefined && { drift }), ...(globalTest !== undefined && { globalTest }) };
    fieldsOf(copy, path)["shift"] = { ...begins, ...kept };
    return copy;
  }
  if (!Object.hasOwn(at, last) && keys[0] !== "partition" && !isOptional(keys)) throw unknownField(path, at);
  at[last] = value;
  return copy;
}

function isOne<K extends object>(kinds: K, name: unknown): name is keyof K & string {
  return typeof name === "string" && Object.hasOwn(kinds, name);
}

// a method may be called by its module's address, which has dots in it
function keysOf(config: unknown, path: string): string[] {
  const { methods } = (config ?? {}) as { methods?: object };
  const called = Object.keys(methods ?? {}).find((name) => path.startsWith(`methods.${name}.`));
  if (called === undefined) return path.split(".");
  return ["methods", called, ...path.slice(`methods.${called}.`.length).split(".")];
}

/** Levels of a config, the whole of a field's path. */
const DEEPEST = 8;

// fields that a config may leave out, whatever is in them
const optional: ReadonlySet<string> = new Set([
  ...["gateLr", "gateSchedule", "learnFrom", "gateInit", "validateEvery", "patience", "margin", "variants"].map(
    (field) => `mixture.${field}`,
  ),
  "clock",
  "files",
  "partition.minimum",
  "federation.dropout",
  "federation.optimizer",
  "federation.attack",
  "personal.optimizer",
  "federation.privacy",
  "federation.sampling",
  "federation.slow",
  "methods",
  "posterior",
  "publicRows",
  "quirks",
  "shift",
  "stream",
  "task",
  "training",
]);

function isOptional(keys: readonly string[]): boolean {
  return keys.length > 0 && (optional.has(keys[0]!) || optional.has(keys.slice(0, 2).join(".")));
}

function fieldsOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new ConfigError(`config: ${path} leads into a plain value`);
  return value as Record<string, unknown>;
}

function unknownField(path: string, at: object): ConfigError {
  return new ConfigError(`config: no field ${path}; here there are ${Object.keys(at).join(", ")}`);
}
