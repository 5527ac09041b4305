// What the page does, from the address to the end of a run: one config at a time, one run at a time.
import type { Config } from "../../src/experiment/config.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import type { Conducting, DataChoice, DataOutline } from "../messages.ts";
import type { Asker } from "../wire.ts";
import { defaultConfig, readAddress, writeAddress } from "./address.ts";
import { fit } from "./fit.ts";
import type { Notebook } from "./notebook.ts";

export class Session {
  config: Config = defaultConfig();
  readonly #ask: Asker<Conducting>;
  readonly #notebook: Notebook;
  /** Hears of every config that is taken. */
  readonly #onConfig: (config: Config) => void;
  #run: Promise<void> = Promise.resolve();
  #wanted: unknown;
  #preparing = false;

  constructor(ask: Asker<Conducting>, notebook: Notebook, onConfig: (config: Config) => void) {
    this.#ask = ask;
    this.#notebook = notebook;
    this.#onConfig = onConfig;
  }

  /** Takes the address at its word; a run that goes on is given up. */
  async load(hash: string): Promise<void> {
    if (this.#notebook.stage === "running") await this.pause();
    await this.#run;
    let config: Config;
    try {
      config = hash.length > 1 ? readAddress(hash) : defaultConfig();
      if (!config.files || !this.#notebook.data) await this.#openBundled();
    } catch (error) {
      return this.#notebook.enter("refused", messageOf(error));
    }
    await this.prepare(config);
  }

  /** Opens other data, and fits the config to them. */
  async open(choice: DataChoice): Promise<void> {
    this.#notebook.enter("opening");
    try {
      const data = await this.#ask("open", choice);
      this.#notebook.open(data);
      // an address may have asked for these very files
      await this.prepare(meant(this.config, data) ? this.config : fit(this.config, data));
    } catch (error) {
      this.#notebook.enter("refused", messageOf(error));
    }
  }

  /** Takes a config, keeps it in the address, and asks who would own what. Of many in a row only the last counts. */
  async prepare(wanted: unknown): Promise<void> {
    this.#wanted = wanted;
    if (this.#preparing) return;
    this.#preparing = true;
    while (this.#wanted !== undefined) {
      const next = this.#wanted;
      this.#wanted = undefined;
      await this.#take(next);
    }
    this.#preparing = false;
  }

  start(): Promise<void> {
    return (this.#run = this.#go(false));
  }

  resume(): Promise<void> {
    return (this.#run = this.#go(true));
  }

  async pause(): Promise<void> {
    this.#notebook.enter("pausing");
    await this.#ask("pause", null);
  }

  async #openBundled(): Promise<void> {
    if (this.#notebook.data && !this.#notebook.data.names.files) return;
    this.#notebook.open(await this.#ask("open", { kind: "bundled" }));
  }

  async #take(wanted: unknown): Promise<void> {
    try {
      this.config = parseConfig(wanted);
      this.#onConfig(this.config);
      history.replaceState(null, "", `#${writeAddress(this.config)}`);
      if (this.#notebook.data && !meant(this.config, this.#notebook.data)) throw new Error(missing(this.config));
      this.#notebook.begin(await this.#ask("outline", this.config), Object.keys(this.config.methods ?? {}));
      this.#notebook.enter("ready");
    } catch (error) {
      this.#notebook.enter("refused", messageOf(error));
    }
  }

  async #go(resume: boolean): Promise<void> {
    this.#notebook.enter("running");
    try {
      const ending = await this.#ask("run", { config: this.config, resume });
      if (ending.finished) this.#notebook.conclude(ending.summary, ending.compared);
      else this.#notebook.enter("paused");
    } catch (error) {
      this.#notebook.enter("failed", messageOf(error));
    }
  }
}

function meant({ dataset, files }: Config, { names }: DataOutline): boolean {
  return dataset === names.dataset && written(files) === written(names.files);
}

// the order of fields does not matter
function written(files: Config["files"]): string {
  return files ? JSON.stringify(files, Object.keys(files).toSorted()) : "";
}

function missing({ dataset, files }: Config): string {
  if (!files) return `lab: this address is about ${dataset}, which is not on this page; drop its files on it`;
  const parts = files.kind === "npy" ? ["x_train.npy, y_train.npy, x_test.npy, y_test.npy"] : [files.train, files.test];
  return `lab: this address is about files of somebody's own; drop ${parts.flat().filter(Boolean).join(", ")} on the page`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
