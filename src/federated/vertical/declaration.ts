// Vertical federation: parties have different columns of the same rows, and one of them, the active party, has the labels. What is
// asked for goes with every batch instead of once a round, so this is no Method of the round loop; what it has of one is told here, in
// the same words, and held against every message by the same gates.
import type { Method } from "../method.ts";

/** What a vertical federation may be told. */
export interface VerticalOptions {
  /** How many parties are asked of a row; 0 leaves the active party alone. */
  readonly k: number;
  /** Numbers of an embedding, which is what a party sends of a row. */
  readonly width: number;
  /** Hidden units of encoders and gate. */
  readonly hidden: number;
  /** Standard deviation of the noise on the gate's logits in training, without which whoever begins ahead is asked for ever. */
  readonly noise: number;
  /** Weight of the term that keeps the gate from asking one party alone: see `switchBalance`. */
  readonly balance: number;
  /** The part of the training rows that is used, drawn once by the seed. */
  readonly share: number;
}

/** What a vertical federation is called, what leaves a party, and what it may be told. */
export type VerticalDeclaration = Pick<
  Method,
  "name" | "paper" | "after" | "about" | "ranges" | "sends" | "receives" | "keeps"
> & { readonly options: VerticalOptions & Method["options"] };

/** A party sends embeddings of the rows that it is asked for, and is sent row numbers and the gradients of what it sent. */
export const vertical: VerticalDeclaration = {
  name: "vertical",
  paper: "Folino et al. 2024",
  after: "abstract",
  about: "columns to parties: a gate over the label holder's columns says which parties are asked of a row",
  options: { k: 1, width: 16, hidden: 64, noise: 1, balance: 0.01, share: 1 },
  ranges: {
    k: { min: 0, whole: true },
    width: { min: 1, whole: true },
    hidden: { min: 1, whole: true },
    noise: { min: 0 },
    balance: { min: 0 },
    share: { min: 0, max: 1 },
  },
  // of training rows, and of rows that are answered
  sends: ["embedding?", "answer?"],
  receives: ["rows.*", "gradient?"],
  keeps: ["encoder", "optimizer"],
};
