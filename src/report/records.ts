// What a run folder says about itself: the records in config.json, summary.json, metrics.jsonl and clients.csv.
// Plain data with no behaviour, so that Node, a worker and a page can pass them around. Accuracies and calibration errors
// are in percent, losses in nats, times in seconds; a client is named by its index in the partition.

/** The version every summary carries; a reader refuses what it does not know. */
export const recordVersion = 1;

/** A mean over clients: `std` is the sample deviation, `ci95` the half width of its 95 % t-interval (NaN below two values). */
export interface Stat {
  readonly mean: number;
  readonly std: number;
  readonly ci95: number;
}

/** config.json: what was asked for. Everything but these five is the experiment's business. */
export interface ConfigRecord {
  readonly preset: string;
  readonly fidelity: string;
  readonly dataset: string;
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
  readonly localTest: Stat;
  readonly globalTest: Stat;
  readonly localNll?: Stat;
  readonly globalNll?: Stat;
  readonly localEce?: Stat;
  readonly globalEce?: Stat;
  /** Macro-F1 and area under the ROC curve, one class against the rest; percent. */
  readonly localF1?: Stat;
  readonly globalF1?: Stat;
  readonly localAuc?: Stat;
  readonly globalAuc?: Stat;
  /** Of a regression, in units of the targets. */
  readonly localRmse?: Stat;
  readonly globalRmse?: Stat;
  readonly localMae?: Stat;
  readonly globalMae?: Stat;
  /** Accuracy by class on the global test, weighted by the client's law of labels: local accuracy from all of its rows. */
  readonly lawTest?: Stat;
}

/** Methods by name: those of the paper and options beside them, or the federated methods that were asked for. */
export type MethodResults = Readonly<Record<string, MethodResult>>;

/** What a method's federation took. */
export interface FederationResult {
  readonly rounds: number;
  readonly bestRound: number;
  /** Bytes of the vectors that clients were sent in order to train, and that they sent, over all rounds. */
  readonly down: number;
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
  readonly kind: "central";
  readonly rounds: number;
  readonly epsilon: number;
  readonly delta: number;
  /** Of the noise of a round's sum, over the clip. */
  readonly multiplier: number;
  readonly clip: number;
  readonly accountant: "pld" | "rdp";
  readonly sampling: "fixed" | "poisson";
  /** Where the noise is from: by address below the seed, unless said, or from a cryptographic source. */
  readonly noise?: "simulated" | "cryptographic";
}

/** Against everybody, the server too. */
export interface LocalPrivacyResult {
  readonly kind: "local";
  /** Answers of the client that gave most, and what they cost it. */
  readonly rounds: number;
  readonly epsilon: number;
  readonly delta: number;
  /** Of an answer's noise, over the clip. */
  readonly multiplier: number;
  readonly clip: number;
  /** Clients whose budget has no room for another answer. */
  readonly stopped: number;
}

/** summary.json: what came out. */
export interface Summary {
  readonly version: number;
  readonly preset: string;
  readonly fidelity: string;
  readonly dataset: string;
  readonly seed: number;
  readonly p: number | null;
  /** Fraction of the clients that never send. */
  readonly optOut: number;
  /** Fraction of a client's own rows that the federation never uses. */
  readonly ownRowsKeptBack: number;
  readonly clients: number;
  /** Rounds that were run, and the one whose average was kept. */
  readonly rounds: number;
  readonly bestRound: number;
  readonly wallSeconds: number;
  /** Seconds by phase, in the order they ran. */
  readonly phases: Readonly<Record<string, number>>;
  /** SHA-256 over the generalist and every client's specialist and gate, in client order. */
  readonly weightsSha256: string;
  /** The build of the kernels that computed it. Only the plain one gives the same weights on every machine. */
  readonly kernels?: "plain" | "relaxed" | "wide";
  /** How many clients the methods' means are over. */
  readonly evaluatedClients: number;
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
  readonly kind: "round";
  /** Whose, in a run of several methods' federations. */
  readonly method?: string;
  readonly round: number;
  readonly clients: readonly number[];
  /** None in a round that nobody took part in, or where clients do not tell. */
  readonly trainLoss?: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Better than every round before. */
  readonly best?: boolean;
  /** Bytes of the vectors that clients were sent, and that they sent, in all rounds up to this. */
  readonly down?: number;
  readonly up?: number;
  readonly peer?: number;
  /** Clients whose answers were left out of this round: they could not answer, or what they answered could not be averaged. */
  readonly refused?: readonly { readonly client: number; readonly fault: string; readonly reason: string }[];
  readonly seconds: number;
}

/** One validation of a client's private training. */
export interface EpochMetric {
  readonly kind: "epoch";
  readonly client: number;
  readonly method: string;
  readonly epoch: number;
  readonly trainLoss?: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly best: boolean;
}

/** One method evaluated on one client. */
export interface ClientMetric {
  readonly kind: "client";
  readonly client: number;
  readonly method: string;
  readonly optedOut: boolean;
  readonly localTest: number;
  readonly globalTest: number;
  readonly localNll: number;
  readonly globalNll: number;
  readonly localEce?: number;
  readonly globalEce?: number;
  readonly localF1?: number;
  readonly globalF1?: number;
  readonly localAuc?: number;
  readonly globalAuc?: number;
  readonly localRmse?: number;
  readonly globalRmse?: number;
  readonly localMae?: number;
  readonly globalMae?: number;
  /** Rows of its local test: what it weighs in a weighted mean. */
  readonly testRows?: number;
  /** Which of its method's clusters it is in. */
  readonly cluster?: number;
  readonly lawTest?: number;
  readonly epochs?: number;
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
  readonly method: string;
  readonly moment: Moment;
  readonly model: Model;
  readonly localTest: number;
  readonly globalTest: number;
  readonly localNll: number;
  readonly globalNll: number;
  readonly localEce: number;
  readonly globalEce: number;
  readonly localF1: number;
  readonly globalF1: number;
  readonly localAuc: number;
  readonly globalAuc: number;
}

/** The same as a line of metrics.jsonl. */
export interface ClockMetric extends Reading {
  readonly kind: "clock";
  readonly client: number;
}

/** All evaluated clients' own models on their tests in the course of a federation, as they have just been sent. */
export interface TickMetric {
  readonly kind: "tick";
  readonly method: string;
  /** The round after which they were asked. */
  readonly round: number;
  /** By client, in the order of `clients`. */
  readonly clients: readonly number[];
  readonly localTest: readonly number[];
  readonly globalTest: readonly number[];
}

/** What one client's gate answers on the global test: h(x), the trust in the specialist. */
export interface GateMetric {
  readonly kind: "gate";
  readonly client: number;
  /** Counts of h in 20 equal bins of [0, 1], over the rows of the client's majority classes. */
  readonly own: readonly number[];
  /** The same over the rows of all other classes. */
  readonly other: readonly number[];
  /** Mean h by class. */
  readonly perClass: readonly number[];
  /** Mean h over rows of own and of other classes, and its standard deviation over all rows. */
  readonly ownMean?: number;
  readonly otherMean?: number;
  readonly spread?: number;
  /** The client's majority classes, so that they can be told from the others class by class. */
  readonly classes?: readonly number[];
}

/** What a method reaches on one client at every setting of its dial, from everybody's answer (0) to the client's own (1). */
export interface CurveMetric {
  readonly kind: "curve";
  readonly client: number;
  readonly method: string;
  /** What is turned: `rho`, the share of own inputs; `weight`, the same for all inputs; `t`, the exponent of the label law. */
  readonly dial: string;
  readonly at: readonly number[];
  readonly localTest: readonly number[];
  readonly globalTest: readonly number[];
}

/** One line of metrics.jsonl. */
export type Metric = RoundMetric | EpochMetric | ClientMetric | ClockMetric | TickMetric | GateMetric | CurveMetric;

/** One row of clients.csv: `client,optedOut,classes,train,validation,test` and then `<method>Local,<method>Global`. */
export interface ClientRow {
  readonly client: number;
  readonly optedOut: boolean;
  /** Majority classes, or the classes present where there is no majority. */
  readonly classes: readonly number[];
  /** Rows in each part. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly methods: Readonly<Record<string, { readonly localTest: number; readonly globalTest: number }>>;
}

/** Everything a report is made from. */
export interface RunRecords {
  readonly config: ConfigRecord;
  readonly summary: Summary;
  readonly metrics: readonly Metric[];
}
