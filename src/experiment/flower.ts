// The clients of a setup as nodes of a Flower federation: what a worker answers while the federation runs and, for their
// private part, after it. Nothing else in this folder loads Flower's client.
import {
  clientTrainer,
  type PrivacyOptions,
  trainerCalls,
  type TrainerCalls,
} from "../federated/backends/flower/index.ts";
import { experimentCalls, type ExperimentCalls } from "./clients.ts";
import { participants } from "./participant.ts";
import type { Setup } from "./setup.ts";

export interface FlowerSetup {
  readonly setup: Setup;
  readonly privacy?: PrivacyOptions | undefined;
}

export type FlowerCalls = TrainerCalls & Pick<ExperimentCalls, "personalize">;

/** The calls of a setup's clients; the same in a worker and in this thread. */
export function flowerCalls({ setup, privacy }: FlowerSetup): FlowerCalls {
  const { client, initial } = participants(setup);
  const { personalize } = experimentCalls(setup);
  return { personalize, ...trainerCalls((id) => clientTrainer({ client: client(id), privacy, initial })) };
}
