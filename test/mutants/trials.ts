// Mutants against tests: those tests that come by a mutant, quick ones first, until one of them fails.
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { methods } from "../../src/federated/methods/index.ts";
import { Lane } from "./lane.ts";
import { describe, type Loaded } from "./load.ts";
import type { Mutant } from "./source.ts";

const folder = fileURLToPath(new URL("../../build/mutants/", import.meta.url));

export interface Outcome {
  readonly mutant: Mutant;
  /** The test that caught it; undefined for a survivor. */
  readonly by: string | undefined;
  /** Why no test can catch it. */
  readonly equivalent?: string;
}

interface Baseline {
  readonly name: string;
  readonly milliseconds: number;
  readonly met: readonly number[];
}

interface Wanted {
  readonly lanes: number;
  readonly survivors: boolean;
  /** Tests that are named after other methods than these are passed over, if there are any. */
  readonly methods: readonly string[];
}

interface Line {
  readonly hash: string;
  readonly key: string;
  readonly by: string | null;
}

// where it stands may change, what it does may not; of several alike in a line each has its number
function keysOf(mutants: readonly Mutant[]): string[] {
  const keys = mutants.map(({ file, context, was, now }) => JSON.stringify([file, context, was, now]));
  const met = new Map<string, number>();
  return keys.map((key) => {
    const nth = met.get(key) ?? 0;
    met.set(key, nth + 1);
    return keys.indexOf(key) === keys.lastIndexOf(key) ? key : `${key} ${nth}`;
  });
}

export class Trials {
  readonly #loaded: Loaded;
  readonly #keys: readonly string[];
  readonly #lanes: readonly Lane[];
  readonly #baseline: readonly (Baseline | undefined)[];
  readonly #known: ReadonlyMap<string, string | null>;
  readonly #equivalent: ReadonlyMap<string, string>;

  private constructor(
    loaded: Loaded,
    lanes: readonly Lane[],
    baseline: readonly (Baseline | undefined)[],
    { known, equivalent }: { known: ReadonlyMap<string, string | null>; equivalent: ReadonlyMap<string, string> }, // prettier-ignore
  ) {
    [this.#loaded, this.#lanes, this.#baseline] = [loaded, lanes, baseline];
    this.#keys = keysOf(loaded.mutants);
    [this.#known, this.#equivalent] = [known, equivalent];
  }

  /** Runs every test without a mutant, to know how long it takes and what it comes by. */
  static async begin(loaded: Loaded, { lanes: count, survivors, methods }: Wanted): Promise<Trials> {
    const lanes = Array.from({ length: count }, () => new Lane(loaded.module));
    const lines = await read();
    const known = new Map(lines.filter(({ hash }) => hash === loaded.hash).map(({ key, by }) => [key, by]));
    // with other tests or sources than now: what was caught then is taken for caught
    if (survivors) for (const { key, by } of lines) if (by !== null && !known.has(key)) known.set(key, by);
    const equivalent = await listed(loaded.mutants);
    try {
      return new Trials(loaded, lanes, await baselineOf(loaded, lanes, methods), { known, equivalent });
    } catch (error) {
      // a process that waits for questions would keep this one from ending
      for (const lane of lanes) lane.close();
      throw error;
    }
  }

  async run(say: (line: string) => void): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const waiting = [...this.#loaded.mutants.keys()];
    const work = async (lane: Lane): Promise<void> => {
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
        const mutant = this.#loaded.mutants[at]!;
        const key = this.#keys[at]!;
        const before = this.#known.get(key);
        const by = before === undefined ? await this.#try(lane, at) : (before ?? undefined);
        if (before === undefined) await write({ hash: this.#loaded.hash, key, by: by ?? null });
        // what is caught after all is not equivalent
        const reason = by === undefined ? this.#equivalent.get(key) : undefined;
        outcomes.push({ mutant, by, ...(reason !== undefined && { equivalent: reason }) });
        const word = by !== undefined ? "caught  " : reason !== undefined ? "same    " : "SURVIVED";
        say(`${word} ${describe(mutant)}${by === undefined ? "" : `  by: ${by}`}`);
      }
    };
    await Promise.all(this.#lanes.map(work));
    for (const lane of this.#lanes) lane.close();
    return outcomes;
  }

  async #try(lane: Lane, mutant: number): Promise<string | undefined> {
    const tests = this.#baseline
      .flatMap((test, number) => (test?.met.includes(mutant) ? [{ ...test, number }] : []))
      .toSorted((a, b) => a.milliseconds - b.milliseconds);
    for (const { name, number, milliseconds } of tests) {
      const { failed } = await lane.ask({ test: number, mutant, of: this.#loaded.mutants.length }, milliseconds);
      if (failed !== undefined) return name;
    }
    return undefined;
  }
}

async function baselineOf(
  { mutants }: Loaded,
  lanes: readonly Lane[],
  only: readonly string[],
): Promise<(Baseline | undefined)[]> {
  const names = await lanes[0]!.tests();
  const others = (name: string): boolean => {
    const first = name.split(" ")[0]!;
    return only.length > 0 && methods.has(first) && !only.includes(first);
  };
  const found = names.map((): Baseline | undefined => undefined);
  const waiting = [...names.keys()].filter((test) => !others(names[test]!));
  const work = async (lane: Lane): Promise<void> => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const { milliseconds, met, failed } = await lane.ask({ test, mutant: -1, of: mutants.length }, 60_000);
      if (failed !== undefined) throw new Error(`mutants: without a mutant "${names[test]}" fails, ${failed}`);
      found[test] = { name: names[test]!, milliseconds, met };
    }
  };
  await Promise.all(lanes.map(work));
  return found;
}

async function read(): Promise<Line[]> {
  const file = `${folder}results.jsonl`;
  const text = existsSync(file) ? await readFile(file, "utf8") : "";
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]));
}

async function write(line: Line): Promise<void> {
  await appendFile(`${folder}results.jsonl`, `${JSON.stringify(line)}\n`);
}

/** Mutants that are listed as equivalent, by key. An entry that is about no mutant of its file is an error: it is out of date. */
export async function listed(mutants: readonly Mutant[]): Promise<ReadonlyMap<string, string>> {
  const entries = JSON.parse(await readFile(new URL("equivalent.json", import.meta.url), "utf8")) as {
    readonly file: string;
    readonly context: string;
    readonly was: string;
    readonly now: string;
    readonly reason: string;
  }[];
  const keys = keysOf(mutants);
  const files = new Set(mutants.map(({ file }) => file));
  const found = new Map<string, string>();
  for (const { file, context, was, now, reason } of entries) {
    if (!files.has(file)) continue;
    const about = [...mutants.keys()].filter((at) => {
      const one = mutants[at]!;
      return one.file === file && one.context.includes(context) && flat(one.was) === was && flat(one.now) === now;
    });
    if (about.length === 0) throw new Error(`mutants: equivalent.json is about no mutant of ${file}: ${was} -> ${now}`);
    for (const at of about) found.set(keys[at]!, reason);
  }
  return found;
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ");
}
