// Follows the generalist through the plane: the mean over clients of their local tests, and the global test.
import { networks } from "../../src/experiment/networks.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import { staging } from "../../src/experiment/staging.ts";
import { shareRight, spaced } from "../../src/experiment/watch.ts";
import { outputs } from "../../src/moe/evaluate.ts";
import { type Examples, Net } from "../../src/nn/index.ts";
import type { GeneralistStanding } from "../messages.ts";

// a round's look is over a sample; the first and the last are over the whole test split
const sampleRows = 400;
const share = 0.05;

interface View {
  readonly examples: Examples;
  /** The rows of this view in every client's local test. */
  readonly local: readonly Int32Array[];
  dispose(): void;
}

export class Onlooker {
  readonly #setup: Setup;
  readonly #tell: (standing: GeneralistStanding) => void;
  readonly #net: Net;
  readonly #sample: View;
  readonly #since = performance.now();
  #spent = 0;
  #part: "federation" | "private" | undefined;

  constructor(setup: Setup, tell: (standing: GeneralistStanding) => void) {
    this.#setup = setup;
    this.#tell = tell;
    this.#net = new Net(networks(setup.config, setup.dataset).expert, { group: "shared", trainable: false });
    this.#sample = this.#view(spaced(everyRow(setup), sampleRows));
  }

  /** Looks at a generalist: whole where a part of the run begins, else at a sample and only if there is time for it. */
  see(generalist: Float32Array, part: "federation" | "private"): void {
    const began = performance.now();
    const whole = part !== this.#part;
    this.#part = part;
    if (!whole && this.#spent > share * (began - this.#since)) return;
    this.#net.parameters.copyFrom(generalist);
    if (whole) {
      const view = this.#view(everyRow(this.#setup));
      this.#look(view, true);
      view.dispose();
    } else this.#look(this.#sample, false);
    this.#spent += performance.now() - began;
  }

  #look({ examples, local }: View, whole: boolean): void {
    const classes = this.#setup.dataset.classes.length;
    const tensor = outputs(this.#net, examples, classes);
    const percent = shareRight(this.#setup, tensor.toArray(), examples);
    tensor.dispose();
    const clients = local.map((rows) => (rows.length > 0 ? percent(rows) : NaN));
    const known = clients.filter(Number.isFinite);
    this.#tell({
      kind: "generalist",
      localTest: known.reduce((sum, value) => sum + value, 0) / known.length,
      globalTest: percent(Int32Array.from({ length: examples.count }, (_, i) => i)),
      ...(whole && { clients }),
    });
  }

  #view(rows: Int32Array): View {
    const { config, dataset, clients } = this.#setup;
    const { examples, dispose } = staging(config, dataset).tests(new Int32Array(), rows);
    const place = new Map(Array.from(rows, (row, i) => [row, i]));
    const local = clients.map(({ rows: own }) => own.test.map((row) => place.get(row) ?? -1).filter((i) => i >= 0));
    return { examples, local, dispose };
  }
}

function everyRow({ dataset }: Setup): Int32Array {
  return Int32Array.from({ length: dataset.test.rows }, (_, i) => i);
}
