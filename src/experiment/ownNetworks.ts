// Networks of one's own: a module that a config names, loaded once per thread. Only its address travels to workers, so every
// thread imports it for itself.
import type { Dataset, TargetKind } from "../data/index.ts";
import { checkGate, checkModel } from "../moe/model.ts";
import type { Module } from "../nn/index.ts";
import { type Config, ConfigError } from "./config.ts";
import { importOwn } from "./ownModule.ts";

/** What a network of one's own is told: the shape of an input, the names of the classes or targets, and a gate its outputs. */
export interface Form {
  /** Of one input. */
  readonly shape: readonly number[];
  /** What classes are called, or targets. */
  readonly classes: readonly string[];
  /** What rows are asked for, where that is no class. */
  readonly task?: TargetKind;
  /** Logits a row that a gate gives: one, or three in a three-way mixture. */
  readonly outputs?: number;
}

/** The two exports of a module that a config names: modules, or functions that make them for the data. */
export interface OwnNetworks {
  /** From [rows, ...shape] to log-probabilities [rows, classes]; with a task to a number or logit for each target. */
  readonly expert: Module | ((data: Form) => Module);
  /** From [rows, ...shape] to one logit a row; made with `outputs`, to so many. */
  readonly gate: Module | ((data: Form) => Module);
}

const loaded = new Map<string, OwnNetworks>();

/** Whether a config's model is a module's address rather than the name of a network of ours. */
export function isAddress(model: string): boolean {
  return /^(\.{0,2}\/|[a-z]+:)/i.test(model);
}

/** Imports the module that a config names, if it names one; `ownNetworks` then has it. */
export async function loadNetworks({ model }: Pick<Config, "model">): Promise<void> {
  if (!isAddress(model) || loaded.has(model)) return;
  const found: Partial<OwnNetworks> = await importOwn("model", model);
  const { expert, gate } = found;
  for (const [name, value] of Object.entries({ expert, gate })) {
    const module = typeof value === "object" && value !== null && "bind" in value;
    if (!module && typeof value !== "function")
      throw new ConfigError(
        `model: ${model}, got ${typeof value} as ${name}, expected a module or a function that makes one`,
      );
  }
  loaded.set(model, found as OwnNetworks);
}

/** The networks of a loaded module, made for a dataset and tried on it. */
export function ownNetworks(
  { model, task }: Pick<Config, "model" | "task">,
  dataset: Dataset,
  threeWay = false,
): { expert: Module; gate: Module; threeGate?: Module } {
  const own = loaded.get(model);
  if (!own) throw new Error(`ownNetworks: ${model} is not loaded in this thread; await loadNetworks(config) first`);
  if (dataset.kind === "text")
    throw new ConfigError(`model: ${model}, got texts (${dataset.name}), expected images or features`);
  const { shape, classes } = dataset;
  const make = (from: OwnNetworks["expert"], form: Form): Module => (typeof from === "function" ? from(form) : from);
  const form = { shape, classes, ...(task && { task }) };
  if (threeWay && typeof own.gate !== "function")
    throw new ConfigError(
      `${model}: a three-way mixture, got a gate of one output, expected a function that makes one from { outputs }`,
    );
  const networks = {
    expert: make(own.expert, form),
    gate: make(own.gate, { ...form, outputs: 1 }),
    ...(threeWay && { threeGate: make(own.gate, { ...form, outputs: 3 }) }),
  };
  try {
    checkModel({ ...networks, ...form });
    if (networks.threeGate) checkGate(networks.threeGate, shape, 3);
  } catch (error) {
    throw new ConfigError(`${model} on inputs of ${shape.join(" x ")}: ${(error as Error).message}`);
  }
  return networks;
}
