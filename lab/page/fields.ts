// What can be set, in words: every field of a config that the page offers, in the order of the form.
import type { Config } from "../../src/experiment/config.ts";
import { posteriorGate } from "../../src/experiment/presets.ts";

interface Common {
  /** The field's path in a config. */
  readonly path: string;
  readonly label: string;
  readonly hint?: string;
  /** Whether the field means anything under a config. */
  readonly when?: (config: Config) => boolean;
}

/** A slider, or a number to type. */
export interface NumberField extends Common {
  readonly kind: "slider" | "number";
  readonly min?: number;
  readonly max?: number;
  readonly step: number | "any";
  /** How the value is written; as a number if there is nothing here. */
  readonly write?: (value: number) => string;
}

export interface ChoiceField extends Common {
  readonly kind: "choice";
  readonly choices: readonly (readonly [value: string, label: string])[];
}

export interface CheckField extends Common {
  readonly kind: "check";
  /** What a config has there when it is on; it has nothing there when it is off. Without it, true and false. */
  readonly on?: object;
}

export type Field = NumberField | ChoiceField | CheckField;

export interface Group {
  readonly title: string;
  /** Whether it is closed at first. */
  readonly folded?: boolean;
  readonly fields: readonly Field[];
}

const percent = (value: number): string => `${Math.round(100 * value)} %`;
const kind =
  (...kinds: readonly string[]) =>
  ({ partition }: Config): boolean =>
    kinds.includes(partition.kind);

function number(path: string, label: string, min: number, rest: Partial<NumberField> = {}): NumberField {
  return { kind: "number", path, label, min, step: 1, ...rest };
}

const rate = { step: "any" } as const;

/** What chance begins with; it has a place of its own in the form. */
export const seedField: NumberField = number("seed", "Seed", 0, { max: Number.MAX_SAFE_INTEGER });

/** The form, group by group. */
export const groups: readonly Group[] = [
  {
    title: "Clients",
    fields: [
      number("clients", "How many", 1, { max: 1000 }),
      {
        kind: "choice",
        path: "partition.kind",
        label: "Who owns what",
        choices: [
          ["majority", "Two classes in the majority"],
          ["dirichlet-labels", "Dirichlet shares of classes"],
          ["dirichlet-shares", "Classes dealt out by Dirichlet shares"],
          ["dirichlet-inner", "Drawn by Dirichlet shares until all are dealt"],
          ["dirichlet-extended", "A few classes, in Dirichlet shares"],
          ["pathological", "A few classes, in equal shares"],
          ["label-quantity", "A class of its own and random others"],
          ["shards", "Shards of sorted rows"],
          ["dirichlet-sizes", "Dirichlet shares of rows"],
          ["quantity", "Sizes by a law"],
          ["iid", "All alike"],
          ["column", "As the data’s column of clients says"],
        ],
      },
      {
        kind: "slider",
        path: "partition.p",
        label: "p, rows from the two classes",
        min: 0,
        max: 1,
        step: 0.05,
        write: percent,
        when: kind("majority"),
      },
      {
        kind: "check",
        path: "partition.overlap",
        label: "Clients may have a class in common",
        when: kind("majority"),
      },
      number("partition.alpha", "α, smaller is more unlike", 0, {
        max: 1_000_000,
        step: "any",
        when: ({ partition }) => "alpha" in partition,
      }),
      number("partition.classes", "Classes of a client", 1, {
        max: 1_000,
        when: ({ partition }) => "classes" in partition,
      }),
      number("partition.shards", "Shards of a client", 1, { max: 1_000, when: kind("shards") }),
      number("partition.spread", "Spread of sizes", 0, { max: 100, step: "any", when: kind("quantity") }),
    ],
  },
  {
    title: "Sharing",
    fields: [
      {
        kind: "slider",
        path: "optOut",
        label: "Clients that opt out",
        hint: "They never send anything, and still get a mixture.",
        min: 0,
        max: 0.9,
        step: 0.05,
        write: percent,
      },
      {
        kind: "slider",
        path: "ownRowsKeptBack",
        label: "Own rows kept back",
        hint: "Rows the federation never uses; the client’s own models do.",
        min: 0,
        max: 0.9,
        step: 0.05,
        write: percent,
      },
    ],
  },
  {
    title: "Method",
    fields: [
      {
        kind: "choice",
        path: "fidelity",
        when: ({ task }) => !task,
        label: "As in",
        choices: [
          ["paper", "The paper, as it means it"],
          ["authors-code", "The authors’ code, bug for bug"],
        ],
      },
      {
        kind: "choice",
        path: "model",
        label: "Network",
        choices: [
          ["lenet", "Convolutional"],
          ["mlp", "Fully connected"],
        ],
      },
      {
        kind: "choice",
        path: "mixture.space",
        label: "What is mixed",
        choices: [
          ["auto", "What the above asks for"],
          ["probability", "Probabilities"],
          ["output", "The experts’ outputs"],
        ],
      },
      {
        kind: "check",
        path: "mixture.gateOnly",
        label: "Train the gate alone",
        hint: "The specialist stays as it was fine-tuned.",
      },
      {
        kind: "check",
        path: "posterior",
        when: ({ task }) => !task,
        label: "Also a gate that asks whose an input is",
        hint: "Nothing is trained for it, and its trade-off is a slider under the plane.",
        on: posteriorGate,
      },
    ],
  },
  {
    title: "Everything else",
    folded: true,
    fields: [
      number("federation.rounds", "Rounds at most", 1, { max: 100_000 }),
      number("federation.cohort", "Clients in a round", 1, { max: 1_000 }),
      number("federation.localEpochs", "Local epochs", 1, { max: 1_000 }),
      number("federation.batchSize", "Batch", 1, { max: 10_000 }),
      number("federation.lr", "Learning rate", 0, { max: 1_000, ...rate }),
      number("federation.validateEvery", "Validate every … rounds", 1, { max: 100_000 }),
      number("federation.patience", "Patience, validations", 1, { max: 100_000 }),
      number("federation.validationClients", "Clients that validate", 1, { max: 1_000 }),
      number("rows.train", "Training rows a client", 1, { max: 100_000 }),
      number("rows.validation", "Validation rows", 1, { max: 100_000 }),
      number("rows.test", "Local test rows", 1, { max: 100_000 }),
      number("personal.clients", "Clients to personalise", 1, { max: 1_000 }),
      number("personal.epochs", "Private epochs at most", 1, { max: 100_000 }),
      number("personal.batchSize", "Private batch", 1, { max: 10_000 }),
      number("personal.lr", "Private learning rate", 0, { max: 1_000, ...rate }),
      number("mixture.lr", "Mixture’s learning rate", 0, { max: 1_000, ...rate }),
      number("personal.validateEvery", "Validate every … epochs", 1, { max: 100_000 }),
      number("personal.patience", "Private patience", 1, { max: 100_000 }),
      number("personal.margin", "Margin of improvement", 0, { max: 100, ...rate }),
    ],
  },
];
