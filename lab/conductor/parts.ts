// What a run of the page is made of: the four models of the paper, and after them the methods that they are compared with. Each is
// the run that the command line would make of its config, with the same bits, and has a run folder of its own.
import type { Config } from "../../src/experiment/config.ts";
import { MemoryStore } from "../../src/experiment/store.ts";
import type { Summary } from "../../src/report/records.ts";

export interface Part {
  readonly config: Config;
  readonly store: MemoryStore;
  /** Its folder in an archive of several. */
  readonly folder: string;
  readonly compared: boolean;
  /** How it ended, once it has. */
  summary?: Summary;
}

/** The parts of a run, in their order. */
export function partsOf(config: Config): Part[] {
  const { methods, ...own } = config;
  const part = (config: Config, folder: string, compared: boolean): Part => ({
    config,
    store: new MemoryStore(),
    folder,
    compared,
  });
  const first = part(own, "paper", false);
  return methods ? [first, part(config, "methods", true)] : [first];
}

/** All files of a run; of several parts in a folder for each. */
export function filesOf(parts: readonly Part[]): Map<string, Uint8Array> {
  if (parts.length === 1) return new Map(parts[0]!.store.files);
  return new Map(
    parts.flatMap(({ folder, store }) =>
      [...store.files].map(([name, bytes]) => [`${folder}/${name}`, bytes] as const),
    ),
  );
}
