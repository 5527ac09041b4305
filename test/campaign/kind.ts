// What a campaign is made of: kinds of trial, each of parts, each part tried batch by batch from a seed.

/** Something that must not be, and what brought it about. */
export interface Finding {
  readonly what: string;
  /** The smallest case that shows it. */
  readonly example?: string;
}

/** What came of one batch. */
export interface Batch {
  readonly cases: number;
  readonly findings: readonly Finding[];
}

/** One thing under trial. The same seed makes the same batch. */
export interface Part {
  readonly name: string;
  /** Tries a batch; `mark` is told the number of the case about to be tried, for who finds the process dead. */
  batch(seed: number, mark: (index: number) => void): Promise<Batch>;
}

export interface Kind {
  readonly name: string;
  /** What is counted. */
  readonly cases: string;
  /** Its part of the time, against the other kinds'. */
  readonly share: number;
  /** A batch that takes longer hangs. */
  readonly limitSeconds: number;
  readonly parts: readonly Part[];
  /** Why it cannot be tried here, if it cannot. */
  missing?(): Promise<string | undefined>;
  /** Gives back what it holds: processes, folders. */
  close?(): Promise<void>;
}
