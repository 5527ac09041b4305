// The lines of metrics.jsonl: what a run writes down as it goes. Plain data with no behaviour; accuracies and calibration errors are
// in percent, losses in nats, times in seconds, and a client is named by its index in the partition.

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
  /** Gaps between groups of people on the local test, percent: statistical parity. */
  readonly localParity?: number;
  /** The same on the global test. */
  readonly globalParity?: number;
  /** Equal opportunity on the local test, percent. */
  readonly localOpportunity?: number;
  /** The same on the global test. */
  readonly globalOpportunity?: number;
  /** Rows of its local test: what it weighs in a weighted mean. */
  readonly testRows?: number;
  /** Which of its method's clusters it is in. */
  readonly cluster?: number;
  /** What each of its method's experts counted on the mean over the test rows and the layers, 1 in all. */
  readonly load?: readonly number[];
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
