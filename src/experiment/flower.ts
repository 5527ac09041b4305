// The clients of a setup as nodes of a Flower federation: what a worker answers while the federation runs and, for their
// private part, after it. Nothing else in this folder loads Flower's client.
import {
  clientTrainer,
  type PrivacyOptions,
  trainerCalls,
  type TrainerCalls,
} from "../federated/backends/flower/index.ts";
import { type ClientRows, type Dataset, keepBack } from "../data/index.ts";
import { fold } from "../runtime/random.ts";
import { type Config, ConfigError } from "./config.ts";
import { experimentCalls, type ExperimentCalls } from "./clients.ts";
import { participants } from "./participant.ts";
import { termsOf } from "./terms.ts";
import { type ClientSetup, rootKey, type Setup } from "./setup.ts";

export interface FlowerSetup {
  readonly setup: Setup;
  readonly privacy?: PrivacyOptions | undefined;
  /** Whether its clients send masked updates alone. */
  readonly secure?: boolean | undefined;
}

/** A setup of one client that brings its own rows instead of a part of a partition; `client` names its random numbers. */
export function ownSetup(config: Config, dataset: Dataset, client: number, rows: ClientRows): Setup {
  const bounds = { train: dataset.train.rows, validation: dataset.train.rows, test: dataset.test.rows } as const;
  for (const [split, limit] of Object.entries(bounds) as [keyof typeof bounds, number][]) {
    const wrong = rows[split].find((row) => row < 0 || row >= limit);
    if (wrong !== undefined) throw new ConfigError(`rows: ${split}, got row ${wrong}, expected 0 to ${limit - 1}`);
    if (rows[split].length === 0) throw new ConfigError(`rows: ${split}, got no rows, expected one at least`);
  }
  const key = fold(rootKey(config), "keepBack", client);
  const own: ClientSetup = {
    rows,
    shared: keepBack(rows, config.ownRowsKeptBack, key).shared,
    optedOut: false,
    globalTest: Int32Array.from({ length: dataset.test.rows }, (_, row) => row),
  };
  return { config, dataset, clients: Array.from({ length: client + 1 }, () => own) };
}

export type FlowerCalls = TrainerCalls & Pick<ExperimentCalls, "personalize">;

/** The calls of a setup's clients; the same in a worker and in this thread. */
export function flowerCalls({ setup, privacy, secure }: FlowerSetup): FlowerCalls {
  const partsOf = participants(setup);
  const terms = termsOf(setup);
  const { personalize } = experimentCalls(setup);
  return {
    personalize,
    ...trainerCalls((client) => clientTrainer({ client: partsOf(client), privacy, terms, secure })),
  };
}
