// Where clients stand while they train, for whoever looks on: their models on samples of the two tests. Looking changes
// no number of a run, and takes no more than its share of the time; what is too much is left out.
import type { AnswersOn } from "../moe/index.ts";
import { accuracy, type Examples } from "../nn/index.ts";
import type { EpochMetric } from "../report/metrics.ts";
import { ConfigError } from "./config.ts";
import type { Setup } from "./setup.ts";
import { type Staging, staging, type Tests } from "./staging.ts";
import { taskIn } from "./tasks.ts";

/** A client begins to train: in a round of the federation, or its private part. */
export interface Begins {
  readonly kind: "begins";
  readonly client: number;
  readonly part: "federation" | "private";
}

/** Where a client's model stands: accuracies, in a regression R2, in percent on samples of its local and its global test. */
export interface Standing {
  readonly kind: "standing";
  readonly client: number;
  /** Of a federation its name, for the client's model after its turn ("fedavg"); of its private training the method's. */
  readonly method: string;
  readonly localTest: number;
  readonly globalTest: number;
}

/** What is told while clients train. */
export type LiveEvent = Begins | Standing | EpochMetric;

export interface WatchOptions {
  readonly tell: (event: LiveEvent) => void;
  /** Rows of each sample, 200 by default. */
  readonly rows?: number;
  /** Looking's share of the time, 0.1 by default. */
  readonly share?: number;
}

/** Looks at clients of one worker. */
export class Watch {
  readonly tell: (event: LiveEvent) => void;
  readonly #setup: Setup;
  readonly #staging: Staging;
  readonly #rows: number;
  readonly #share: number;
  readonly #since = performance.now();
  #spent = 0;
  // a client is looked at many times in a row
  #sample: (Tests & { readonly client: number }) | undefined;

  constructor(setup: Setup, { tell, rows = 200, share = 0.1 }: WatchOptions) {
    this.tell = tell;
    if (setup.config.task === "multi-label")
      throw new ConfigError(
        "watch: got the task multi-label, expected classes or a regression, whose accuracies or R2 it tells",
      );
    this.#setup = setup;
    this.#staging = staging(setup.config, setup.dataset);
    this.#rows = rows;
    this.#share = share;
  }

  /** Tells where a model stands, if there is time for it. */
  look(client: number, method: string, answers: AnswersOn): void {
    const began = performance.now();
    if (this.#spent > this.#share * (began - this.#since)) return;
    const { examples, local, global } = this.#sampleOf(client);
    const tensor = answers(examples);
    const percent = shareRight(this.#setup, tensor.toArray(), examples);
    tensor.dispose();
    this.tell({ kind: "standing", client, method, localTest: percent(local), globalTest: percent(global) });
    this.#spent += performance.now() - began;
  }

  #sampleOf(client: number): Tests {
    if (this.#sample?.client === client) return this.#sample;
    this.#sample?.dispose();
    const { rows, globalTest } = this.#setup.clients[client]!;
    const tests = this.#staging.of(client).tests(spaced(rows.test, this.#rows), spaced(globalTest, this.#rows));
    this.#sample = { ...tests, client };
    return this.#sample;
  }
}

/** How right answers are on some of the rows, in percent: accuracy of log-probabilities, or what their task goes by. */
export function shareRight(
  { config, dataset }: Setup,
  answers: ArrayLike<number>,
  { labels }: Examples,
): (rows: Int32Array) => number {
  const task = taskIn(config);
  const classes = dataset.classes.length;
  if (task) return (rows) => 100 * task.metrics(answers, labels, classes, rows)[task.fit]!;
  return (rows) => 100 * accuracy({ logp: answers, classes }, labels, rows);
}

/** At most `count` rows, evenly spaced in their order. */
export function spaced(rows: Int32Array, count: number): Int32Array {
  if (rows.length <= count) return rows.slice();
  return Int32Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
}
