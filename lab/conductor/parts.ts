// What a run of the page is made of: the four models of the paper, and after them the methods that they are compared with. Each is
// the run that the command line would make of its config, with the same bits, and has a run folder of its own.
import type { Config } from "../../src/experiment/config.ts";
import { weightsHash } from "../../src/experiment/files.ts";
import type { MemoryStore } from "../../src/experiment/store.ts";
import { decodeSafetensors } from "../../src/io/safetensors.ts";
import type { Summary } from "../../src/report/records.ts";
import type { Ending, Reached } from "../messages.ts";

export interface Part {
  readonly config: Config;
  readonly store: MemoryStore;
  /** Its folder in an archive of several. */
  readonly folder: string;
  readonly compared: boolean;
  /** How it ended, once it has. */
  summary?: Summary;
}

/** The parts of a run in their order, each in a folder of its own. */
export async function partsOf(config: Config, folderOf: (name: string) => Promise<MemoryStore>): Promise<Part[]> {
  const { methods, ...own } = config;
  const part = async (config: Config, folder: string, compared: boolean): Promise<Part> => ({
    config,
    store: await folderOf(folder),
    folder,
    compared,
  });
  const first = await part(own, "paper", false);
  return methods ? [first, await part(config, "methods", true)] : [first];
}

/** All files of a run, in one folder named after it; of several parts in a folder for each. */
export function filesOf(parts: readonly Part[], name: string): Map<string, Uint8Array> {
  return new Map(
    parts.flatMap(({ folder, store }) =>
      [...store.files].map(
        ([file, bytes]) => [parts.length === 1 ? `${name}/${file}` : `${name}/${folder}/${file}`, bytes] as const,
      ),
    ),
  );
}

/** SHA-256 of the generalist in a file, as its values lie behind each other. */
export function generalistHash(bytes: Uint8Array): string {
  const tensors = [...decodeSafetensors(bytes).tensors.values()];
  return weightsHash(
    tensors.map(({ data }) => ({ data: data as Float32Array })),
    [],
  );
}

/** What the models of a finished run reached, those of the paper and those beside them. */
export function reachedOf({ summary, compared }: Extract<Ending, { finished: true }>): Record<string, Reached> {
  const all = { ...compared?.methods, ...summary.methods };
  return Object.fromEntries(
    Object.entries(all).map(([method, { localTest, globalTest }]) => [
      method,
      { localTest: localTest.mean, globalTest: globalTest.mean },
    ]),
  );
}
