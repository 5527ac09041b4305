// The method as meant, or the authors' code bug for bug: what of the latter is in the data, in the networks, at the server, and at
// the clients by themselves (moe/methods/authors.ts).
import type { AuthorsPrivate } from "../moe/methods/authors.ts";
import type { Config } from "./config.ts";

/** What a fidelity stands for. */
export interface Behaviour extends Required<AuthorsPrivate> {
  readonly selection: "average" | "last-client";
  readonly globalRows: "all" | 1000;
  readonly expertOutput: "logSoftmax" | "softmax";
  readonly partition: "paper" | "authors-code";
  /** What follows the short sentences of a batch: nothing, or a word that is read like any other. */
  readonly padding: "none" | "word";
}

/** The method as meant, or the quirks Q1 to Q8 of the authors' code. */
export function behaviour({ fidelity, mixture, dataset, model, quirks = {} }: Config): Behaviour {
  const authors = fidelity === "authors-code";
  const space = mixture.space === "auto" ? (authors ? "output" : "probability") : mixture.space;
  return {
    selection: quirks.selection ?? (authors ? "last-client" : "average"),
    keep: quirks.keep ?? (authors ? "last" : "best"),
    space,
    generalistDropout: quirks.generalistDropout ?? authors,
    globalRows: authors ? 1000 : "all",
    // Q3: the authors' Fashion-MNIST CNN ends in probabilities
    expertOutput: authors && dataset === "fashion-mnist" && model === "lenet" ? "softmax" : "logSoftmax",
    partition: fidelity,
    padding: authors ? "word" : "none",
  };
}
