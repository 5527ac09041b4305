// What the page does, from the address to the end of a run: one config at a time, one run at a time.
import type { Config } from "../../src/experiment/config.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import type { Conducting } from "../messages.ts";
import type { Asker } from "../wire.ts";
import { defaultConfig, readAddress, writeAddress } from "./address.ts";
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
      this.#notebook.data ??= await this.#ask("open", { kind: "bundled" });
    } catch (error) {
      return this.#notebook.enter("refused", messageOf(error));
    }
    await this.prepare(config);
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

  async #take(wanted: unknown): Promise<void> {
    try {
      this.config = parseConfig(wanted);
      this.#onConfig(this.config);
      history.replaceState(null, "", `#${writeAddress(this.config)}`);
      this.#notebook.begin(await this.#ask("outline", this.config));
      this.#notebook.enter("ready");
    } catch (error) {
      this.#notebook.enter("refused", messageOf(error));
    }
  }

  async #go(resume: boolean): Promise<void> {
    this.#notebook.enter("running");
    try {
      const ending = await this.#ask("run", { config: this.config, resume });
      if (ending.finished) this.#notebook.conclude(ending.summary);
      else this.#notebook.enter("paused");
    } catch (error) {
      this.#notebook.enter("failed", messageOf(error));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
