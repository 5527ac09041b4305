// Experiments by name. `quick` is sized for the bundled data and a minute on two cores; the others are the authors' setting.
import { HAZARD } from "../moe/evidence.ts";
import { RHO } from "../moe/posterior.ts";
import { type Config, ConfigError } from "./config.ts";

interface Preset {
  readonly about: string;
  readonly config: Config;
}

const authors: Omit<Config, "preset" | "dataset"> = {
  fidelity: "paper",
  model: "lenet",
  seed: 1,
  clients: 100,
  partition: { kind: "majority", p: 0.6, overlap: true },
  rows: { train: 100, validation: 200, test: 200 },
  optOut: 0,
  ownRowsKeptBack: 0,
  federation: {
    rounds: 1250,
    cohort: 5,
    localEpochs: 3,
    batchSize: 10,
    lr: 5e-5,
    validateEvery: 40,
    patience: 5,
    validationClients: 20,
  },
  personal: { clients: 20, lr: 5e-5, epochs: 500, batchSize: 10, validateEvery: 5, patience: 10, margin: 0.01 },
  mixture: { lr: 1e-5, gateOnly: false, space: "auto" },
  checkpointEvery: 25,
};

// sized for minutes: not by anybody's paper
const adapters: Omit<Config, "preset"> = {
  ...authors,
  dataset: "ag-news",
  model: "transformer",
  clients: 20,
  rows: { train: 160, validation: 60, test: 100 },
  federation: {
    ...authors.federation,
    rounds: 16,
    cohort: 10,
    localEpochs: 1,
    batchSize: 16,
    lr: 3e-3,
    validateEvery: 2,
    patience: 8,
    validationClients: 20,
  },
  personal: { ...authors.personal, clients: 20, lr: 1e-3, epochs: 20, validateEvery: 1, patience: 3 },
  mixture: { ...authors.mixture, lr: 1e-3 },
  // without the turn after the end, which costs as much as two rounds
  clock: { turn: false, globalRows: 200 },
  methods: {
    ...Object.fromEntries(
      ["fedlora", "comigs", "fedamole", "fedmoe", "hetlora", "pfedmoap"].map((name) => [name, { warm: 6 }]),
    ),
    fedms: { warm: 6, common: 4 },
  },
};

const presets: Readonly<Record<string, Preset>> = {
  quick: {
    about: "20 clients on the bundled Fashion-MNIST, about a minute",
    config: {
      ...authors,
      preset: "quick",
      dataset: "fashion-mnist",
      clients: 20,
      partition: { kind: "majority", p: 0.6, overlap: true },
      rows: { train: 100, validation: 200, test: 200 },
      federation: { ...authors.federation, rounds: 150, cohort: 5, lr: 1e-3, validateEvery: 5, patience: 6 },
      personal: { ...authors.personal, clients: 20, lr: 2e-4, epochs: 100, validateEvery: 2, patience: 5 },
      // as in the authors' setting, a fifth of the rate that the specialist was tuned with
      mixture: { ...authors.mixture, lr: 4e-5 },
    },
  },
  "fashion-mnist": {
    about: "100 clients on the whole of Fashion-MNIST, the authors' setting",
    config: { ...authors, preset: "fashion-mnist", dataset: "fashion-mnist" },
  },
  cifar10: {
    about: "100 clients on CIFAR-10, the authors' README run",
    config: { ...authors, preset: "cifar10", dataset: "cifar10" },
  },
  energy: {
    about: "24 households made up, their load in the next hour: a layer of experts in every client's network",
    config: {
      ...authors,
      preset: "energy",
      dataset: "households",
      task: "regression",
      model: "soft-moe",
      clients: 24,
      partition: { kind: "column" },
      rows: { train: 400, validation: 100, test: 300 },
      federation: {
        ...authors.federation,
        rounds: 60,
        cohort: 8,
        lr: 1e-3,
        validateEvery: 5,
        patience: 6,
        batchSize: 16,
      },
      personal: { ...authors.personal, clients: 24, lr: 5e-4, epochs: 60, validateEvery: 2, patience: 5, margin: 1e-4 },
      mixture: { ...authors.mixture, lr: 2e-4 },
    },
  },
  sleep: {
    about: "16 sleepers made up, the stage of their sleep: a chain of stages behind every client's network",
    config: {
      ...authors,
      preset: "sleep",
      dataset: "sleep",
      model: "chain",
      clients: 16,
      partition: { kind: "column" },
      rows: { train: 200, validation: 100, test: 118 },
      federation: {
        ...authors.federation,
        rounds: 40,
        cohort: 8,
        lr: 3e-3,
        validateEvery: 5,
        patience: 6,
        validationClients: 16,
      },
      personal: { ...authors.personal, clients: 16, lr: 1e-3, epochs: 40, validateEvery: 2, patience: 5, margin: 1e-3 },
      mixture: { ...authors.mixture, lr: 2e-4 },
    },
  },
  ratings: {
    about: "60 users' ratings made up: each user a client, for --method fedper,fedmmf",
    config: {
      ...authors,
      preset: "ratings",
      dataset: "ratings",
      task: "regression",
      model: "factors",
      clients: 60,
      partition: { kind: "column" },
      rows: { train: 24, validation: 8, test: 8 },
      federation: {
        ...authors.federation,
        rounds: 80,
        cohort: 20,
        lr: 5e-2,
        validateEvery: 5,
        patience: 8,
        validationClients: 60,
      },
      personal: { ...authors.personal, clients: 60, lr: 5e-3, epochs: 60, validateEvery: 2, patience: 5, margin: 1e-4 },
      mixture: { ...authors.mixture, lr: 1e-3 },
    },
  },
  "ag-news": {
    about: "200 clients on AG News or a part of it, the authors' README run with a fifth of their clients",
    config: {
      ...authors,
      preset: "ag-news",
      dataset: "ag-news",
      model: "bilstm",
      clients: 200,
      rows: { train: 100, validation: 100, test: 200 },
      // a twentieth of the clients, as theirs were 50 of 1,000
      federation: { ...authors.federation, cohort: 10, validateEvery: 50, patience: 4 },
      mixture: { ...authors.mixture, lr: 1e-6 },
    },
  },
  "ag-news-lora": {
    about: "20 clients on AG News or a part of it: adapters beside a small transformer that FedAvg has warmed up",
    config: { ...adapters, preset: "ag-news-lora" },
  },
  "ag-news-scaling": {
    about: "3,200 articles over 4 clients, all of them in every round: --clients 16 --set rows.train=200 and so on",
    config: {
      ...adapters,
      preset: "ag-news-scaling",
      clients: 4,
      partition: { kind: "iid" },
      rows: { train: 800, validation: 100, test: 200 },
      federation: { ...adapters.federation, cohort: 4, validationClients: 4 },
      personal: { ...adapters.personal, clients: 4 },
      methods: { fedavg: {}, fedlora: {} },
    },
  },
};

/**
 * A gate that learns when to trust: alone, on validation rows that no expert was fitted to, until other validation rows say
 * stop. On a specialist's own training rows it learns to trust it everywhere. Measured in docs/reproduction.md.
 */
export const heldOutGate: Partial<Config["mixture"]> = {
  gateOnly: true,
  gateLr: 3e-4,
  learnFrom: "validation",
  validateEvery: 1,
  margin: 1e-3,
};

/** The gate that theory asks for, with its share and its hazard fixed beforehand. Measured in docs/reproduction.md. */
export const posteriorGate: NonNullable<Config["posterior"]> = { rho: RHO, hazard: HAZARD, calibrate: true };

/** Names and one line each. */
export function presetList(): { name: string; about: string; config: Config }[] {
  return Object.entries(presets).map(([name, { about, config }]) => ({ name, about, config }));
}

/** A preset's config; a ConfigError that lists the names when there is no such preset. */
export function preset(name: string): Config {
  const found = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!found) throw new ConfigError(`preset: no ${name}; there are ${Object.keys(presets).join(", ")}`);
  return structuredClone(found.config);
}
