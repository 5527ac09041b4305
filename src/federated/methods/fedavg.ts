// FedAvg (McMahan et al. 2017): everybody trains the server's model, the server averages.
import type { Aggregation } from "../aggregation.ts";
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { sharedModel } from "./sharedModel.ts";
import type { Update } from "../update.ts";

/**
 * The average of the clients' vectors weighted by their examples, one client after another, so that no vector has to be
 * kept. Sums run in the order of arrival in double precision, so the same clients in the same order give the same bits.
 */
export class FedAvg implements Aggregation {
  #sum: Float64Array | undefined;
  #examples = 0;

  add({ values, examples, client }: Update): void {
    const sum = (this.#sum ??= new Float64Array(values.length));
    if (values.length !== sum.length)
      throw new RangeError(
        `fedAvg: client ${client} sent ${values.length} values, expected ${sum.length}; its model differs`,
      );
    for (let i = 0; i < sum.length; i++) sum[i]! += examples * values[i]!;
    this.#examples += examples;
  }

  result(): Float32Array {
    if (!this.#sum) throw new RangeError("fedAvg: at least one client's update is expected");
    const total = this.#examples;
    if (!(total > 0)) throw new RangeError("fedAvg: the clients' examples sum to 0; every client is empty");
    // no callback: it would cost as much as a client's work
    const average = new Float32Array(this.#sum.length);
    for (let i = 0; i < average.length; i++) average[i] = this.#sum[i]! / total;
    return average;
  }
}

/** FedAvg of updates that are all there. */
export function fedAvg(updates: readonly Update[]): Float32Array {
  const average = new FedAvg();
  for (const update of updates) average.add(update);
  return average.result();
}

export const fedavg: Method = method({
  name: "fedavg",
  paper: "arXiv 1602.05629",
  about: "clients train the server's model, the server averages by examples",
  options: {},
  sends: ["model"],
  client: (kit) => sharedModel(kit),
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: {
      localEpochs: 5,
      batchSize: 10,
      cohort: 10,
      note: "images of digits over 100 clients; the rate of its SGD was tuned for every setting",
    },
    library: {
      optimizer: { kind: "sgd", lr: 0.005 },
      localEpochs: 1,
      batchSize: 10,
      note: "PFLlib, where everybody takes part in every round",
    },
    safe: {},
  },
});
