// What the page does, from the address to the end of a run: one config at a time, one run at a time.
import type { Config } from "../../src/experiment/config.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import type { Conducting, Ending, KeptRun, OwnChoice } from "../messages.ts";
import { checkChoice, choiceIn, filesOf, type TableChoice } from "../table.ts";
import type { Asker } from "../wire.ts";
import { messageOf, problemOf } from "./amiss.ts";
import { defaultConfig, readAddress, sameConfig, writeAddress } from "./address.ts";
import { fit } from "./fit.ts";
import { checkLimits } from "./limits.ts";
import { meant, missing, wantedOf } from "./meant.ts";
import type { Notebook } from "./notebook.ts";

// milliseconds after the last change of a control until the next run begins
const rests = 600;

export class Session {
  config: Config = defaultConfig();
  readonly #ask: Asker<Conducting>;
  readonly #notebook: Notebook;
  /** Hears of every config that is taken. */
  readonly #onConfig: (config: Config) => void;
  /** The federation in another tab that this page was opened for. */
  readonly #joins: string | undefined;
  #run: Promise<void> = Promise.resolve();
  #opening: Promise<void> = Promise.resolve();
  #wanted: unknown;
  #preparing: Promise<void> | undefined;
  // whether the next run begins by itself, and when it does
  #next = false;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Asker<Conducting>, notebook: Notebook, onConfig: (config: Config) => void, joins?: string) {
    [this.#ask, this.#notebook, this.#onConfig, this.#joins] = [ask, notebook, onConfig, joins];
  }

  /** Takes the address at its word; a run that goes on is paused and kept, and one that was cut short under it is opened again. */
  async load(hash: string): Promise<void> {
    this.#unexpect();
    await this.#rest();
    let config = defaultConfig();
    let problem = "";
    try {
      config = hash.length > 1 ? readAddress(hash) : config;
    } catch (error) {
      problem = messageOf(error);
    }
    try {
      await this.#dataFor(config);
    } catch (error) {
      return this.#notebook.enter("refused", messageOf(error));
    }
    if (problem) {
      // the form is there to begin again with
      this.#onConfig((this.config = config));
      return this.#notebook.enter("refused", problem);
    }
    await this.prepare(config);
    await this.#goOnWith(this.config);
  }

  /** Opens other data, files or what comes with the page, and fits the config to them. */
  open(files?: readonly File[]): Promise<void> {
    return this.#openNext(async () => {
      this.#notebook.lookAt(undefined);
      const found = files && (await this.#ask("look", files));
      return found && wantedOf(found, this.config);
    });
  }

  /** Makes something else of the columns of a table that was opened. */
  choose(choice: TableChoice): Promise<void> {
    return this.#openNext(async () => {
      const { own } = this.#notebook;
      if (!own?.table) throw new Error("lab: no table is open; choose a file");
      const task = choice.task === "regression" ? choice.task : undefined;
      return { ...own, own: filesOf(own.table, choice), task };
    });
  }

  // one after another: what was chosen last is what is open in the end
  #openNext(find: () => Promise<OwnChoice | undefined>): Promise<void> {
    return (this.#opening = this.#opening.then(async () => {
      this.#notebook.enter("opening");
      try {
        const own = await find();
        this.#notebook.lookAt(own);
        const choice = own?.table && choiceIn(own.own, own.task);
        if (choice) checkChoice(own.table!, choice);
        const data = await this.#ask("open", own ?? { kind: "bundled" });
        this.#notebook.open(data);
        // an address may have asked for these very files
        const asked = meant(this.config, data);
        await this.prepare(asked ? this.config : fit(this.config, data));
        if (asked) await this.#goOnWith(this.config);
      } catch (error) {
        this.#notebook.enter("refused", messageOf(error));
      }
    }));
  }

  /** Takes a config, keeps it in the address, and asks who would own what. Of many in a row only the last counts. */
  prepare(wanted: unknown): Promise<void> {
    this.#wanted = wanted;
    this.#preparing ??= this.#takeAll().finally(() => (this.#preparing = undefined));
    return this.#preparing;
  }

  /**
   * Takes a change of the form. A run that goes on is stopped and kept; where one goes on or has ended, the next one begins by itself,
   * as soon as the reader lets the control rest.
   */
  async change(wanted: unknown): Promise<void> {
    const { stage } = this.#notebook;
    clearTimeout(this.#soon);
    const goesOn = stage === "running" || stage === "pausing";
    if (goesOn) {
      const problem = problemOf(wanted);
      // what cannot run stops nothing
      if (problem) return this.#notebook.enter(stage, problem);
      // the next change is one of this set-up, also while the run is still being stopped
      this.#onConfig(parseConfig(wanted));
    }
    this.#next ||= goesOn || stage === "finished";
    if (goesOn) {
      await this.halt();
      await this.#run;
    }
    await this.prepare(wanted);
    clearTimeout(this.#soon);
    if (this.#next && this.#notebook.stage === "ready") this.#soon = setTimeout(() => void this.start(), rests);
  }

  /** Sets up what a story is about, on the data of the page; a run that goes on is paused and kept. */
  async tell(config: Config): Promise<void> {
    this.#unexpect();
    await this.#rest();
    try {
      await this.#dataFor(config);
      await this.prepare(config);
    } catch (error) {
      this.#notebook.enter("refused", messageOf(error));
    }
  }

  /** Sets up the same again. */
  renew(): Promise<void> {
    this.#unexpect();
    return this.prepare(this.config);
  }

  /** Starts what is set up, or a single round of it; a change that is still being looked at comes first. */
  async start(step = false): Promise<void> {
    this.#unexpect();
    await this.#preparing;
    if (this.#notebook.stage !== "ready") return;
    return (this.#run = this.#go(false, step));
  }

  resume(step = false): Promise<void> {
    return (this.#run = this.#go(true, step));
  }

  /** Lets so many milliseconds pass before every round. */
  pace(milliseconds: number): Promise<void> {
    return this.#ask("pace", milliseconds);
  }

  /** Opens the federation of this page to a second tab that knows its name. */
  async invite(id: string): Promise<void> {
    await this.#preparing;
    if (this.#notebook.stage !== "ready") return;
    const refuse = (error: unknown): void => this.#notebook.enter("ready", messageOf(error));
    await this.#ask("invite", { config: this.config, id }).catch(refuse);
  }

  #unexpect(): void {
    clearTimeout(this.#soon);
    this.#next = false;
  }

  /** Stops where the next moment allows it to go on without a loss. */
  async pause(): Promise<void> {
    this.#notebook.enter("pausing");
    await this.#ask("pause", null);
  }

  /** Takes a pause back that has not come yet. */
  async carryOn(): Promise<void> {
    await this.#ask("carryOn", null);
    if (this.#notebook.stage === "pausing") this.#notebook.enter("running");
  }

  /** Ends the trainers, now; what they have done since the last checkpoint is done again. */
  halt(): Promise<void> {
    return this.#ask("halt", null);
  }

  /** Ends trainers of which nothing is heard, and goes on with others. */
  async again(): Promise<void> {
    await this.halt();
    await this.#run;
    await this.resume();
  }

  /** Opens a run that is kept. */
  async reopen({ id, config }: KeptRun): Promise<void> {
    this.#unexpect();
    await this.#rest();
    try {
      await this.#dataFor(config);
      await this.prepare(config);
      if (this.#notebook.stage !== "ready") return;
      const { events, ending } = await this.#ask("reopen", id);
      this.#notebook.hear(events);
      this.#conclude(ending);
    } catch (error) {
      this.#notebook.enter("refused", messageOf(error));
    }
    await this.#list();
  }

  /** Forgets a run that is kept. */
  async forget({ id, holder }: KeptRun): Promise<void> {
    await this.#ask("forget", id);
    // what is on the page goes with it
    if (holder === "here") return this.prepare(this.config);
    await this.#list();
  }

  // a run that goes on stands still before anything else is done
  async #rest(): Promise<void> {
    if (this.#notebook.stage === "running") await this.pause();
    await this.#run;
  }

  async #dataFor({ files }: Config): Promise<void> {
    const { data } = this.#notebook;
    if ((files && data) || (data && !data.names.files)) return;
    this.#notebook.lookAt(undefined);
    this.#notebook.open(await this.#ask("open", { kind: "bundled" }));
  }

  // of a run that was cut short, as by a reload, the page goes on where it was
  async #goOnWith(config: Config): Promise<void> {
    const { stage, kept } = this.#notebook;
    if (stage !== "ready") return;
    const id = this.#joins;
    if (id !== undefined) return void (this.#run = this.#follow(this.#ask("join", { config, id })));
    const open = kept.find((run) => !run.finished && run.holder !== "elsewhere" && sameConfig(run.config, config));
    if (open) await this.reopen(open);
  }

  async #takeAll(): Promise<void> {
    while (this.#wanted !== undefined) {
      const next = this.#wanted;
      this.#wanted = undefined;
      await this.#take(next);
      // what is wanted meanwhile comes first, and nothing may come after the last look at it
      if (this.#wanted === undefined) await this.#list();
    }
  }

  async #list(): Promise<void> {
    this.#notebook.keep(await this.#ask("kept", null));
  }

  async #take(wanted: unknown): Promise<void> {
    try {
      const config = (this.config = parseConfig(wanted));
      this.#onConfig(config);
      history.replaceState(history.state, "", `#${writeAddress(config)}`);
      checkLimits(config);
      if (this.#notebook.data && !meant(config, this.#notebook.data)) throw new Error(missing(config));
      this.#notebook.begin(await this.#ask("outline", config), config);
      this.#notebook.enter("ready");
    } catch (error) {
      this.#notebook.enter("refused", messageOf(error));
    }
  }

  async #go(resume: boolean, step: boolean): Promise<void> {
    this.#notebook.listen();
    await this.#follow(this.#ask("run", { config: this.config, resume, step }));
    await this.#list();
  }

  async #follow(ending: Promise<Ending>): Promise<void> {
    this.#notebook.enter("running");
    try {
      this.#conclude(await ending);
    } catch (error) {
      this.#notebook.enter("failed", messageOf(error));
    }
  }

  #conclude(ending: Ending): void {
    return ending.finished ? this.#notebook.conclude(ending) : this.#notebook.enter("paused");
  }
}
