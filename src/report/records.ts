// What a run folder says about itself: the records in config.json, summary.json, metrics.jsonl and clients.csv.
// Plain data with no behaviour, so that Node, a worker and a page can pass them around. Accuracies and calibration errors
// are in percent, losses in nats, times in seconds; a client is named by its index in the partition.

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

/** One federated round; the validation fields are there in the rounds that validate. */
export interface RoundMetric {
  /** Which line it is. */
  readonly kind: "round";
  /** Whose, in a run of several methods' federations. */
  readonly method?: string;
  /** The round, which counts from 0. */
  readonly round: number;
  /** Who was asked, ascending. */
  readonly clients: readonly number[];
  /** None in a round that nobody took part in, or where clients do not tell. */
  readonly trainLoss?: number;
  /** Mean loss on the rows held out. */
  readonly validationLoss?: number;
  /** Accuracy on them, in percent. */
  readonly validationAccuracy?: number;
  /** Better than every round before. */
  readonly best?: boolean;
  /** Bytes of the vectors that clients were sent, and that they sent, in all rounds up to this. */
  readonly down?: number;
  /** Bytes that clients sent. */
  readonly up?: number;
  /** Bytes of what clients were sent of each other. */
  readonly peer?: number;
  /** Clients whose answers were left out of this round: they could not answer, or what they answered could not be averaged. */
  readonly refused?: readonly { readonly client: number; readonly fault: string; readonly reason: string }[];
  /** How long it took. */
  readonly seconds: number;
}

/** One validation of a client's private training. */
export interface EpochMetric {
  /** Which line it is. */
  readonly kind: "epoch";
  /** The client, by its number. */
  readonly client: number;
  /** The method, as records call it. */
  readonly method: string;
  /** After which epoch, which counts from 0. */
  readonly epoch: number;
  /** Mean training loss since the last one. */
  readonly trainLoss?: number;
  /** Mean loss on the rows held out. */
  readonly validationLoss: number;
  /** Accuracy on them, in percent. */
  readonly validationAccuracy: number;
  /** Whether it was the best so far. */
  readonly best: boolean;
}

/** One method evaluated on one client. */
export interface ClientMetric {
  /** Which line it is. */
  readonly kind: "client";
  /** The client, by its number. */
  readonly client: number;
  /** The method, as records call it. */
  readonly method: string;
  /** Whether it took no part in the federation. */
  readonly optedOut: boolean;
  /** On the local test, percent. */
  readonly localTest: number;
  /** On the global test, percent. */
  readonly globalTest: number;
  /** Mean loss on the local test, nats of classes. */
  readonly localNll: number;
  /** Mean loss on the global test. */
  readonly globalNll: number;
  /** Calibration error on the local test, percent. */
  readonly localEce?: number;
  /** Calibration error on the global test, percent. */
  readonly globalEce?: number;
  /** Macro-F1 on the local test, percent. */
  readonly localF1?: number;
  /** Macro-F1 on the global test, percent. */
  readonly globalF1?: number;
  /** Area under the ROC curve on the local test, percent. */
  readonly localAuc?: number;
  /** Area under the ROC curve on the global test, percent. */
  readonly globalAuc?: number;
  /** Of a regression, in units of the targets. */
  readonly localRmse?: number;
  /** The same on the global test. */
  readonly globalRmse?: number;
  /** Mean absolute error on the local test. */
  readonly localMae?: number;
  /** Mean absolute error on the global test. */
  readonly globalMae?: number;
  /** Rows of its local test: what it weighs in a weighted mean. */
  readonly testRows?: number;
  /** Which of its method's clusters it is in. */
  readonly cluster?: number;
  /** Accuracy by class, weighted by the client's law of labels. */
  readonly lawTest?: number;
  /** Epochs of its private training. */
  readonly epochs?: number;
  /** The one that was kept. */
  readonly bestEpoch?: number;
  /** The lowest validation loss; of mixtures that learn from validation rows, over the half that they stop by. */
  readonly bestLoss?: number;
}

/** Which moment of a federation: the one whose validation was best, or its end. */
export type Moment = "validated" | "last";

/**
 * Which of a client's models: the one that is everybody's, its own as it has just been sent ("before") and after a turn of
 * training ("after"), and the mean of the probabilities of what it has trained and of what is everybody's ("mixed").
 */
export type Model = "global" | "before" | "after" | "mixed";

/** One model of a method at one moment, on one client's tests. */
export interface Reading {
  /** The method, as records call it. */
  readonly method: string;
  /** When. */
  readonly moment: Moment;
  /** Which of its models. */
  readonly model: Model;
  /** On the local test, percent. */
  readonly localTest: number;
  /** On the global test, percent. */
  readonly globalTest: number;
  /** Mean loss on the local test, nats of classes. */
  readonly localNll: number;
  /** Mean loss on the global test. */
  readonly globalNll: number;
  /** Calibration error on the local test, percent. */
  readonly localEce: number;
  /** Calibration error on the global test, percent. */
  readonly globalEce: number;
  /** Macro-F1 on the local test, percent. */
  readonly localF1: number;
  /** Macro-F1 on the global test, percent. */
  readonly globalF1: number;
  /** Area under the ROC curve on the local test, percent. */
  readonly localAuc: number;
  /** Area under the ROC curve on the global test, percent. */
  readonly globalAuc: number;
}

/** The same as a line of metrics.jsonl. */
export interface ClockMetric extends Reading {
  /** Which line it is. */
  readonly kind: "clock";
  /** The client, by its number. */
  readonly client: number;
}

/** All evaluated clients' own models on their tests in the course of a federation, as they have just been sent. */
export interface TickMetric {
  /** Which line it is. */
  readonly kind: "tick";
  /** The method, as records call it. */
  readonly method: string;
  /** The round after which they were asked. */
  readonly round: number;
  /** By client, in the order of `clients`. */
  readonly clients: readonly number[];
  /** By client, percent. */
  readonly localTest: readonly number[];
  /** By client, percent. */
  readonly globalTest: readonly number[];
}

/** What one client's gate answers on the global test: h(x), the trust in the specialist. */
export interface GateMetric {
  /** Which line it is. */
  readonly kind: "gate";
  /** The client, by its number. */
  readonly client: number;
  /** Counts of h in 20 equal bins of [0, 1], over the rows of the client's majority classes. */
  readonly own: readonly number[];
  /** The same over the rows of all other classes. */
  readonly other: readonly number[];
  /** Mean h by class. */
  readonly perClass: readonly number[];
  /** Mean h over rows of own and of other classes, and its standard deviation over all rows. */
  readonly ownMean?: number;
  /** Mean h over rows of other classes. */
  readonly otherMean?: number;
  /** Standard deviation of h over all rows. */
  readonly spread?: number;
  /** The client's majority classes, so that they can be told from the others class by class. */
  readonly classes?: readonly number[];
}

/** What a method reaches on one client at every setting of its dial, from everybody's answer (0) to the client's own (1). */
export interface CurveMetric {
  /** Which line it is. */
  readonly kind: "curve";
  /** The client, by its number. */
  readonly client: number;
  /** The method, as records call it. */
  readonly method: string;
  /** What is turned: `rho`, the share of own inputs; `weight`, the same for all inputs; `t`, the exponent of the label law. */
  readonly dial: string;
  /** Settings of the dial. */
  readonly at: readonly number[];
  /** At every setting, percent. */
  readonly localTest: readonly number[];
  /** At every setting, percent. */
  readonly globalTest: readonly number[];
}

/** One line of metrics.jsonl. */
export type Metric = RoundMetric | EpochMetric | ClientMetric | ClockMetric | TickMetric | GateMetric | CurveMetric;

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
