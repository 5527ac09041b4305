// What the page and its conductor say to each other: plain records only.
import type { Config } from "../src/experiment/config.ts";
import type { LiveEvent } from "../src/experiment/watch.ts";
import type { Summary } from "../src/report/records.ts";
import type { Metric } from "../src/report/metrics.ts";
import type { Recognised } from "./conductor/recognise.ts";

/** Files of the reader's own, and what is to be made of them. */
export interface OwnChoice extends Recognised {
  readonly kind: "own";
}

/** The data to work on: what comes with the page, or files from the reader, which have been looked at. */
export type DataChoice = { readonly kind: "bundled" } | OwnChoice;

/** A dataset as the page needs to know it. */
export interface DataOutline {
  readonly kind: "image" | "features";
  /** What classes are called; with a task what its targets are. */
  readonly classes: readonly string[];
  readonly shape: readonly number[];
  readonly train: number;
  readonly test: number;
  /** What a config says to mean these data. */
  readonly names: Pick<Config, "dataset" | "files" | "task">;
  /** How many clients the data name. */
  readonly owners?: number | undefined;
  /** The columns of a row that can be written down. */
  readonly columns?: readonly string[] | undefined;
}

/** Who owns what, before anything is trained. */
export interface ClientOutline {
  readonly client: number;
  readonly optedOut: boolean;
  /** Whether it will be personalised and evaluated. */
  readonly evaluated: boolean;
  /** Training rows by class. */
  readonly counts: readonly number[];
  /** Its majority classes; none where the partition has no such thing. */
  readonly classes: readonly number[];
  /** Whether it is in the other one of two tabs, and nothing of it in this one. */
  readonly elsewhere?: boolean;
}

/** Where the generalist stands: the mean over clients of its local tests, and its global test, in percent. */
export interface GeneralistStanding {
  readonly kind: "generalist";
  readonly localTest: number;
  readonly globalTest: number;
  /** Its local test at every client, where all clients were looked at. */
  readonly clients?: readonly number[];
}

export interface Phase {
  readonly kind: "phase";
  readonly phase: "federation" | "clients";
  /** Whose federation, and whether the methods are at it that the page's own are compared with. */
  readonly method?: string;
  readonly compared?: boolean;
  readonly done: number;
  readonly total: number;
}

/** A client has its own model and its records. */
export interface Done {
  readonly kind: "done";
  readonly client: number;
  readonly done: number;
}

/** With whom a client learnt in a turn of a method that has clusters, components or peers. */
export interface Ties {
  readonly kind: "ties";
  readonly method: string;
  readonly client: number;
  /** The cluster that it trained, or the component that it has the largest share in. */
  readonly cluster?: number;
  /** Of each component, 1 in all. */
  readonly shares?: readonly number[];
  /** Whose models it was sent. */
  readonly peers?: readonly number[];
}

/** What the reader should know of the page itself. */
export interface Note {
  readonly kind: "note";
  readonly text: string;
}

/** The clients of a federation that two tabs share, as one of them sees them. */
export interface Shared {
  readonly kind: "shared";
  readonly clients: readonly ClientOutline[];
}

/** How one of two tabs stands that are clients of one federation. */
export interface Together {
  readonly kind: "together";
  /** The first has the server, too. */
  readonly part: "first" | "second";
  /** By which the second finds the first. */
  readonly id: string;
  /**
   * `calls`: the second looks for the first; `open`: the first looks for the second; `here`: both are there, and nobody has started;
   * `both`: both train; `own`: the other has answered, this one has not; `waits`: this one has answered, the other has not; `gone`: the
   * other was closed; `apart`: the federation is over, and each tab trains what stays in it; `over`: this tab is done.
   */
  readonly at: "calls" | "open" | "here" | "both" | "own" | "waits" | "gone" | "apart" | "over";
  /** Whether the run goes on. */
  readonly running: boolean;
  /** The clients in this tab. */
  readonly own: number;
}

/** What has left this tab for the other, read off the message itself. */
export interface Sent {
  readonly kind: "sent";
  readonly client: number;
  readonly what: string;
  readonly round: number;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly scalars: readonly string[];
  readonly bytes: number;
}

/** Everything that is told while a run goes on. */
export type LabEvent = Phase | Metric | LiveEvent | GeneralistStanding | Done | Ties | Note | Shared | Together | Sent;

/** What came of a run, as the page needs it. */
export type Outcome = Pick<Summary, "methods" | "task" | "wallSeconds" | "weightsSha256">;

/** Means over clients of the two tests, in percent. */
export interface Reached {
  readonly localTest: number;
  readonly globalTest: number;
}

/**
 * What the conductor has the page do: start so many trainers, or end those of a number. Workers are the page's to make: Firefox now and
 * then stands still for ever in a worker that makes another.
 */
export type Order =
  | { readonly order: "start"; readonly number: number; readonly count: number }
  | { readonly order: "end"; readonly number: number };

/** A run that the browser keeps. */
export interface KeptRun {
  readonly id: string;
  /** When it was begun, in milliseconds since 1970. */
  readonly began: number;
  readonly config: Config;
  /** Where it stands, in a few words. */
  readonly at: string;
  readonly finished: boolean;
  /** What its models reached, the means over clients in percent; of a run that is finished. */
  readonly reached?: Readonly<Record<string, Reached>>;
  /** Whether it is the page's own, or another page has it. */
  readonly holder?: "here" | "elsewhere" | undefined;
}

/** How a run came to stand still. */
export type Ending =
  | {
      readonly finished: true;
      readonly summary: Outcome;
      /** Of the methods that were compared, a run by itself. */
      readonly compared?: Outcome | undefined;
      /** SHA-256 of the generalist alone: that of two tabs is that of one. */
      readonly generalist?: string | undefined;
    }
  | { readonly finished: false; readonly at: string };

/** One input of the models: an image's bytes, a row of numbers, or the cells of a table's row as they are written. */
export type Inputs = Uint8Array | Float32Array | readonly string[];

/** What one client's models say of one input: probabilities by class, in a regression numbers; specialist and mixture once they are trained. */
export interface Answers {
  readonly generalist: readonly number[];
  readonly own?: {
    readonly specialist: readonly number[];
    readonly mixture: readonly number[];
    /** The gate's h, the trust in the specialist. */
    readonly trust: number;
  };
}

/** A row of the test split, or of a client's own. */
export interface Specimen {
  readonly row: number;
  readonly inputs: Inputs;
  readonly label: number;
  /** In a regression the numbers that are right. */
  readonly targets?: readonly number[] | undefined;
}

/** What the page may ask. */
export type Conducting = {
  /** Takes files of the reader's own, and says what they most likely are. */
  look: (files: readonly File[]) => Promise<Recognised>;
  open: (choice: DataChoice) => Promise<DataOutline>;
  outline: (config: Config) => ClientOutline[];
  /** Runs to the end or to a pause, or a single round or client; a run that goes on has the config it began with. */
  run: (order: { readonly config: Config; readonly resume: boolean; readonly step?: boolean }) => Promise<Ending>;
  /** Opens the federation of a config, which is laid out, to a second tab that knows its name; a run is then one of both. */
  invite: (to: { readonly config: Config; readonly id: string }) => Promise<void>;
  /** Takes part, as the second tab, in the federation of this name, until it is over. */
  join: (in_: { readonly config: Config; readonly id: string }) => Promise<Ending>;
  /** Hands over the ends of channels to trainers that were ordered. */
  started: (trainers: { readonly number: number; readonly ports: readonly MessagePort[] }) => void;
  /** Says that one of them has broken. */
  broken: (trainer: { readonly number: number; readonly message: string }) => void;
  /** Lets so many milliseconds pass before every round. */
  pace: (milliseconds: number) => void;
  /** Stops at the next moment that nothing is lost by; `carryOn` takes it back. */
  pause: (nothing: null) => void;
  carryOn: (nothing: null) => void;
  /** Ends the trainers at once: what they have done since the last checkpoint is done again. */
  halt: (nothing: null) => Promise<void>;
  /** The runs that the browser keeps, the newest first. */
  kept: (nothing: null) => Promise<KeptRun[]>;
  /** Opens a kept run on the data and clients that are laid out: what it has told until now, and how it stands. */
  reopen: (id: string) => Promise<{ readonly events: readonly LabEvent[]; readonly ending: Ending }>;
  forget: (id: string) => Promise<void>;
  /** What a client's models say, if a run has begun. */
  answer: (question: { readonly client: number; readonly inputs: Inputs }) => Promise<Answers | undefined>;
  /** One test row of every class, the `turn`-th of each, or where there are no classes any; at most so many. */
  specimens: (which: { readonly turn: number; readonly most: number }) => Specimen[];
  /** Rows that a client trains on, evenly spaced; at most so many, none before clients are laid out. */
  owned: (whose: { readonly client: number; readonly most: number }) => Specimen[];
  /** The run folder as a zip archive, under a name. */
  archive: (name: string) => Uint8Array;
};
