// What the page knows of one client.
import type { ClientMetric, CurveMetric, EpochMetric } from "../../src/report/metrics.ts";
import type { ClientOutline, Ties } from "../messages.ts";

/** The models of the paper, which every run has. */
export const own = ["local", "fedavg", "finetuned", "mixture"] as const;

/** The models a client can hold while it trains: the paper's, and by name those of the methods that are compared. */
export type Model = string;

/** The gate whose share of own inputs can be turned, as records call it. */
export const POSTERIOR = "posterior";

export interface Place {
  readonly localTest: number;
  readonly globalTest: number;
}

/** What is known of one client. */
export interface ClientPage {
  readonly outline: ClientOutline;
  /** The model it holds now, and what it is doing with it. */
  model: Model;
  doing: "waits" | "trains" | "done" | "apart";
  /** Where its models stand or stood last; the generalist's copy first. */
  readonly places: Record<Model, Place | undefined>;
  /** The way of the model it holds. */
  readonly trail: Place[];
  readonly epochs: EpochMetric[];
  readonly results: Map<string, ClientMetric>;
  /** Which cluster it is in, by the method that has them. */
  readonly clusters: Map<string, number>;
  /** With whom it learnt in its last turn, by the method that says so. */
  readonly ties: Map<string, Ties>;
}

/** A client of which nothing is known but what it owns. */
export function blankPage(outline: ClientOutline): ClientPage {
  return {
    outline,
    model: "fedavg",
    doing: outline.optedOut ? "apart" : "waits",
    places: {},
    trail: [],
    epochs: [],
    results: new Map(),
    clusters: new Map(),
    ties: new Map(),
  };
}

/** Where a client is at a stop of its curve. */
export function placeOn({ localTest, globalTest }: CurveMetric, at: number): Place {
  return { localTest: localTest[at]!, globalTest: globalTest[at]! };
}

/** Whether a model is one that every run has. */
export function isOwn(model: Model): boolean {
  return (own as readonly string[]).includes(model);
}
