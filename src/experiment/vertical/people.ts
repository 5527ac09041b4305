// Who takes part: the parties of a config, or one of what they are measured against, which is a label holder that asks nobody.
import { Active, Party, type VerticalOptions } from "../../federated/vertical/index.ts";
import { logSoftmax, relu } from "../../autograd/index.ts";
import { Apply, everyOptimizer, Linear, type Module, type OptimizerRule, Sequential } from "../../nn/index.ts";
import { fold, type Key, key } from "../../runtime/random.ts";
import { ConfigError } from "../config.ts";
import { type Columned, type Cut, cutOf, examplesOf, widthOf } from "./columns.ts";
import { type VerticalConfig, verticalOptions } from "./config.ts";

/** What is trained: the federation, one model over all columns, or one party's columns with the labels. */
export interface Contest {
  readonly name: string;
  /** Columns of the label holder. */
  readonly active: Cut;
  readonly parties: Readonly<Record<string, Cut>>;
  readonly options: VerticalOptions;
}

/** The federation of a config, and behind it what it is measured against. */
export function contests(config: VerticalConfig, dataset: Columned): readonly [Contest, ...Contest[]] {
  const cut = (at: string, wanted: VerticalConfig["active"]): Cut => (wanted ? cutOf(dataset, at, wanted) : []);
  const options = verticalOptions(config);
  const active = cut("active", config.active);
  if (active.length === 0 && options.k === 0)
    throw new ConfigError("config: vertical.k, got 0, expected 1 or more, as the label holder has no columns");
  const parties = Object.fromEntries(
    Object.entries(config.parties).map(([name, columns]) => [name, cut(`parties.${name}`, columns)]),
  );
  const alone = (name: string, own: Cut): Contest => ({
    name,
    active: own,
    parties: {},
    options: { ...options, k: 0 },
  });
  const all = [...new Set([active, ...Object.values(parties)].flat())].toSorted((a, b) => a - b);
  return [
    { name: "vertical", active, parties, options },
    alone("joint", all),
    ...(active.length > 0 ? [alone("active alone", active)] : []),
    ...Object.entries(parties).map(([name, own]) => alone(`${name} alone`, own)),
  ];
}

/** The address of all random numbers of a config. */
export function verticalKey({ seed }: VerticalConfig): Key {
  return fold(key(seed), "moiety", "vertical");
}

/** Everybody in a contest, at their first values. */
export function people(
  config: VerticalConfig,
  dataset: Columned,
  { active: mine, parties: others, options }: Contest,
): { active: Active; parties: readonly Party[] } {
  const { rows } = config;
  const { k, width, hidden, noise, balance } = options;
  const optimizer: OptimizerRule = {
    ...(config.optimizer as Partial<OptimizerRule> | undefined),
    kind: config.optimizer?.kind ?? "adam",
    lr: config.lr,
    make: everyOptimizer,
  };
  const root = verticalKey(config);
  const layers = (inputs: number, outputs: number): Module =>
    new Sequential({ fc1: new Linear(inputs, hidden, { relu: true }), fc2: new Linear(hidden, outputs) });
  const names = Object.keys(others);
  const parties = Object.entries(others).map(([name, cut]) => {
    const of = (split: "train" | "test") => examplesOf(dataset, split, { cut, rows, labelled: false });
    const columns = { train: of("train"), test: of("test") };
    const encoder = layers(widthOf(dataset, cut), width);
    return new Party({ name, columns, encoder, optimizer, key: fold(root, "party", name) });
  });
  const of = (split: "train" | "test") => examplesOf(dataset, split, { cut: mine, rows, labelled: true });
  const inputs = widthOf(dataset, mine);
  const active = new Active({
    examples: { train: of("train"), test: of("test") },
    ...(inputs > 0 && { own: layers(inputs, width) }),
    ...(k > 0 && { gate: inputs > 0 ? layers(inputs, names.length) : new Linear(1, names.length) }),
    head: new Sequential({
      relu: new Apply(relu),
      fc: new Linear(width, dataset.classes.length),
      output: new Apply(logSoftmax),
    }),
    parties: names.length,
    width,
    k,
    noise,
    balance,
    optimizer,
    key: fold(root, "active"),
  });
  return { active, parties };
}
