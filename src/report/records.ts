// What a run folder says about itself: the records in config.json, summary.json and clients.csv; metrics.ts has the lines of
// metrics.jsonl.
// Plain data with no behaviour, so that Node, a worker and a page can pass them around. Accuracies and calibration errors
// are in percent, losses in nats, times in seconds; a client is named by its index in the partition.
import type { Metric } from "./metrics.ts";

/** The version every summary carries; a reader refuses what it does not know. */
export const recordVersion = 1;

/** A mean over clients: `std` is the sample deviation, `ci95` the half width of its 95 % t-interval (NaN below two values). */
export interface Stat {
  /** The mean. */
  readonly mean: number;
  /** The sample deviation. */
  readonly std: number;
  /** Half the width of the 95 % t-interval; NaN below two values. */
  readonly ci95: number;
}

/** config.json: what was asked for. Everything but these five is the experiment's business. */
export interface ConfigRecord {
  /** What the config began as. */
  readonly preset: string;
  /** "paper", or "authors-code". */
  readonly fidelity: string;
  /** Which data. */
  readonly dataset: string;
  /** Of everything random. */
  readonly seed: number;
  /** Fraction of a client's rows from its majority classes; null where the partition has no such fraction. */
  readonly p: number | null;
  /** What the classes are called, for figures. */
  readonly classNames?: readonly string[];
  readonly [key: string]: unknown;
}

/**
 * One method over the evaluated clients: local test = own distribution, global test = balanced. A test is accuracy; of several labels
 * the share of them that is told right, in a regression R2, the share of the targets' variance that is explained: percent.
 */
export interface MethodResult {
  /** On the local test, percent. */
  readonly localTest: Stat;
  /** On the global test, percent. */
  readonly globalTest: Stat;
  /** Mean loss on the local test, nats of classes. */
  readonly localNll?: Stat;
  /** Mean loss on the global test. */
  readonly globalNll?: Stat;
  /** Calibration error on the local test, percent. */
  readonly localEce?: Stat;
  /** Calibration error on the global test, percent. */
  readonly globalEce?: Stat;
  /** Macro-F1 and area under the ROC curve, one class against the rest; percent. */
  readonly localF1?: Stat;
  /** Macro-F1 on the global test, percent. */
  readonly globalF1?: Stat;
  /** Area under the ROC curve on the local test, percent. */
  readonly localAuc?: Stat;
  /** Area under the ROC curve on the global test, percent. */
  readonly globalAuc?: Stat;
  /** Of a regression, in units of the targets. */
  readonly localRmse?: Stat;
  /** The same on the global test. */
  readonly globalRmse?: Stat;
  /** Mean absolute error on the local test. */
  readonly localMae?: Stat;
  /** Mean absolute error on the global test. */
  readonly globalMae?: Stat;
  /** Accuracy by class on the global test, weighted by the client's law of labels: local accuracy from all of its rows. */
  readonly lawTest?: Stat;
  /** Gaps between groups of people, where rows have groups: statistical parity on the local test, percent. */
  readonly localParity?: Stat;
  /** The same on the global test. */
  readonly globalParity?: Stat;
  /** Equal opportunity on the local test, percent. */
  readonly localOpportunity?: Stat;
  /** The same on the global test. */
  readonly globalOpportunity?: Stat;
}

/** Methods by name: those of the paper and options beside them, or the federated methods that were asked for. */
export type MethodResults = Readonly<Record<string, MethodResult>>;

/** What a method's federation took. */
export interface FederationResult {
  /** Rounds that were run. */
  readonly rounds: number;
  /** The round that was kept. */
  readonly bestRound: number;
  /** Bytes of the vectors that clients were sent in order to train, and that they sent, over all rounds. */
  readonly down: number;
  /** Bytes that clients sent. */
  readonly up: number;
  /** Of those down, other clients' vectors as they sent them; there where a method has peers. */
  readonly peer?: number;
  /** What noise guarantees of each client. */
  readonly privacy?: PrivacyResult;
  /** Which clients lied, where that was simulated. */
  readonly attack?: { readonly kind: string; readonly scale: number; readonly liars: readonly number[] };
}

/** A guarantee of differential privacy, of a client as a whole. */
export type PrivacyResult = CentralPrivacyResult | LocalPrivacyResult;

/** Against whoever sees everything that the server publishes. */
export interface CentralPrivacyResult {
  /** Which line it is. */
  readonly kind: "central";
  /** Rounds that were run. */
  readonly rounds: number;
  /** What they cost together. */
  readonly epsilon: number;
  /** The probability that this does not hold. */
  readonly delta: number;
  /** Of the noise of a round's sum, over the clip. */
  readonly multiplier: number;
  /** The largest norm of an update. */
  readonly clip: number;
  /** Which way of counting was used. */
  readonly accountant: "pld" | "rdp";
  /** How a round's clients are drawn. */
  readonly sampling: "fixed" | "poisson";
  /** Where the noise is from: by address below the seed, unless said, or from a cryptographic source. */
  readonly noise?: "simulated" | "cryptographic";
}

/** Against everybody, the server too. */
export interface LocalPrivacyResult {
  /** Which line it is. */
  readonly kind: "local";
  /** Answers of the client that gave most, and what they cost it. */
  readonly rounds: number;
  /** What they cost together. */
  readonly epsilon: number;
  /** The probability that this does not hold. */
  readonly delta: number;
  /** Of an answer's noise, over the clip. */
  readonly multiplier: number;
  /** The largest norm of an update. */
  readonly clip: number;
  /** Clients whose budget has no room for another answer. */
  readonly stopped: number;
}

/** summary.json: what came out. */
export interface Summary {
  /** Of the record's form. */
  readonly version: number;
  /** What the config began as. */
  readonly preset: string;
  /** "paper", or "authors-code". */
  readonly fidelity: string;
  /** Which data. */
  readonly dataset: string;
  /** Of everything random. */
  readonly seed: number;
  /** Fraction of a client's rows from its majority classes; null without one. */
  readonly p: number | null;
  /** Fraction of the clients that never send. */
  readonly optOut: number;
  /** Fraction of a client's own rows that the federation never uses. */
  readonly ownRowsKeptBack: number;
  /** How many clients there are. */
  readonly clients: number;
  /** Rounds that were run, and the one whose average was kept. */
  readonly rounds: number;
  /** The round that was kept. */
  readonly bestRound: number;
  /** From beginning to end. */
  readonly wallSeconds: number;
  /** Seconds by phase, in the order they ran. */
  readonly phases: Readonly<Record<string, number>>;
  /** SHA-256 over the generalist and every client's specialist and gate, in client order. */
  readonly weightsSha256: string;
  /** The build of the kernels that computed it. Only the plain one gives the same weights on every machine. */
  readonly kernels?: "plain" | "relaxed" | "wide";
  /** How many clients the methods' means are over. */
  readonly evaluatedClients: number;
  /** Methods by name. */
  readonly methods: MethodResults;
  /** What rows were asked for, where that is no class. */
  readonly task?: "regression" | "multi-label";
  /** The federations of the methods that were asked for: what each took. Left out of a run of the paper's methods. */
  readonly federations?: Readonly<Record<string, FederationResult>>;
  /** Class names, where the dataset is one of the user's own. */
  readonly classNames?: readonly string[];
  /** Does the gate gate? Means over clients of h on own and other classes and of its spread within a client, by gate. */
  readonly gates?: Readonly<Record<string, { readonly own: Stat; readonly other: Stat; readonly spread: Stat }>>;
  /** The command that repeats the run. */
  readonly command: string;
  /** Where it ran, for people: `node 20.20.2, linux x64, 2 workers`. */
  readonly runtime: string;
}

/** One row of clients.csv: `client,optedOut,classes,train,validation,test` and then `<method>Local,<method>Global`. */
export interface ClientRow {
  /** The client, by its number. */
  readonly client: number;
  /** Whether it took no part in the federation. */
  readonly optedOut: boolean;
  /** Majority classes, or the classes present where there is no majority. */
  readonly classes: readonly number[];
  /** Rows in each part. */
  readonly train: number;
  /** Validation rows. */
  readonly validation: number;
  /** Test rows. */
  readonly test: number;
  /** Both tests by method, percent. */
  readonly methods: Readonly<Record<string, { readonly localTest: number; readonly globalTest: number }>>;
}

/** Everything a report is made from. */
export interface RunRecords {
  /** What was asked for. */
  readonly config: ConfigRecord;
  /** What came out. */
  readonly summary: Summary;
  /** Every line of metrics.jsonl. */
  readonly metrics: readonly Metric[];
}
