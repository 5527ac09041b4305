// Clients in this thread, one after another.
import { failure, type Rejection } from "../admission.ts";
import { isSilence, within } from "../asking.ts";
import type { FederatedClient } from "../client.ts";
import { declarationOf, outgoingScores, outgoingUpdate } from "../outgoing.ts";
import type { Evaluation, Update } from "../update.ts";
import type { Backend } from "./backend.ts";

export interface InProcessOptions {
  /** Seconds that a client may take for an answer; an hour unless said. One that takes longer is left out. */
  readonly answerSeconds?: number;
  /** When this aborts, an error is the abort's and ends the round. */
  readonly signal?: AbortSignal | undefined;
}

export class InProcess implements Backend {
  readonly #client: (id: number) => FederatedClient;
  readonly #seconds: number;
  readonly #signal: AbortSignal | undefined;

  /** @param client gives the client of an id; called at each use, so clients need not stay in memory */
  constructor(client: (id: number) => FederatedClient, { answerSeconds = 3600, signal }: InProcessOptions = {}) {
    this.#client = client;
    this.#seconds = answerSeconds;
    this.#signal = signal;
  }

  train(clients: readonly number[], generalist: Float32Array, round: number): Promise<(Update | Rejection)[]> {
    return this.#each(clients, async (client) =>
      outgoingUpdate(declarationOf(client), await client.train(generalist, round)),
    );
  }

  evaluate(clients: readonly number[], generalist: Float32Array, round: number): Promise<(Evaluation | Rejection)[]> {
    return this.#each(clients, async (client) =>
      outgoingScores(declarationOf(client), await client.evaluate(generalist, round)),
    );
  }

  async #each<T>(
    clients: readonly number[],
    work: (client: FederatedClient) => Promise<T>,
  ): Promise<(T | Rejection)[]> {
    const answers: (T | Rejection)[] = [];
    for (const id of clients)
      try {
        answers.push(await within(this.#seconds, work(this.#client(id))));
      } catch (error) {
        this.#signal?.throwIfAborted();
        answers.push({ ...failure(id, error), ...(isSilence(error) ? { fault: "silent" } : {}) });
      }
    return answers;
  }
}
