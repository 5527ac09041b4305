// The run that the page has, and those that the browser keeps.
import type { Config } from "../../src/experiment/config.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { parseSummary } from "../../src/experiment/recordSchema.ts";
import { readJson } from "../../src/experiment/checked.ts";
import { MemoryStore } from "../../src/experiment/store.ts";
import type { KeptRun, Reached } from "../messages.ts";
import { take, taken } from "./lock.ts";
import { type Part, partsOf } from "./parts.ts";
import { Shelf } from "./shelf.ts";

// what is noted of a run on its way, at most so often
const noteEvery = 2000;

/** A run of the page. */
export interface PageRun {
  readonly id: string;
  readonly began: number;
  readonly config: Config;
  readonly parts: readonly Part[];
}

export class Runs {
  readonly #shelf: Promise<Shelf | undefined>;
  #current: PageRun | undefined;
  #release: (() => void) | undefined;
  #noted = -Infinity;

  /** @param onLost hears why runs are not kept, where they cannot be */
  constructor(onLost: (why: string) => void) {
    const lost = ({ message }: Error): void => onLost(message);
    this.#shelf = Shelf.open(lost).catch((error: Error) => void lost(error));
  }

  /** The run that the page has. */
  get current(): PageRun | undefined {
    return this.#current;
  }

  /** Begins a run, in folders of its own. */
  async begin(config: Config): Promise<PageRun> {
    const run = { id: `${Date.now()}-${crypto.getRandomValues(new Uint32Array(1))[0]}`, began: Date.now(), config };
    this.#current = await this.#take(run);
    this.note("just begun");
    return this.#current;
  }

  /** Opens a run that is kept. */
  async open(id: string): Promise<PageRun> {
    if (this.#current?.id === id) return this.#current;
    const found = (await (await this.#shelf)?.list())?.find((one) => one.id === id);
    if (!found) throw new RangeError("lab: this run is not kept any more");
    // whoever wrote it may have been another version of the page
    const run = await this.#take({ ...found, config: parseConfig(found.config) });
    for (const part of run.parts) {
      const bytes = part.store.files.get("summary.json");
      if (bytes) part.summary = parseSummary(readJson(bytes, "summary.json"), "summary.json");
    }
    return (this.#current = run);
  }

  /** Says where the run stands; on its way only now and then. */
  note(at: string, now = true): void {
    if (!now && performance.now() - this.#noted < noteEvery) return;
    this.#noted = performance.now();
    this.#write({ at, finished: false });
  }

  /** Says that the run has finished, and with what. */
  finish(reached: Readonly<Record<string, Reached>>): void {
    this.#write({ at: "finished", finished: true, reached });
  }

  #write(stands: Pick<KeptRun, "at" | "finished" | "reached">): void {
    if (!this.#current) return;
    const { id, began, config } = this.#current;
    void this.#shelf.then((shelf) => shelf?.note({ id, began, config, ...stands }));
  }

  /** The runs that are kept, the newest first; those that another page has are there to be seen only. */
  async list(): Promise<KeptRun[]> {
    const [runs = [], others] = await Promise.all([this.#shelf.then((shelf) => shelf?.list()), taken()]);
    const holderOf = (id: string): KeptRun["holder"] =>
      id === this.#current?.id ? "here" : others.has(id) ? "elsewhere" : undefined;
    return runs.map((run) => ({ ...run, holder: holderOf(run.id) }));
  }

  /** Forgets a run for good. */
  async remove(id: string): Promise<void> {
    (await this.#shelf)?.remove(id);
    if (this.#current?.id === id) this.leave();
  }

  async #take(run: Omit<PageRun, "parts">): Promise<PageRun> {
    const release = await take(run.id);
    if (!release) throw new Error("lab: another tab has this run; close it there, or go on there");
    const shelf = await this.#shelf;
    const folderOf = async (name: string): Promise<MemoryStore> => shelf?.folder(run.id, name) ?? new MemoryStore();
    const parts = await partsOf(run.config, folderOf);
    this.leave();
    this.#release = release;
    return { ...run, parts };
  }

  /** Leaves the run that the page has: it is kept, and others may have it. */
  leave(): void {
    this.#release?.();
    this.#current = this.#release = undefined;
  }
}
