// The data of a config: one that moiety knows by name, wherever it is, or files of one's own.
import {
  catalogue,
  type Dataset,
  type DatasetName,
  findDataset,
  generateDataset,
  isGenerated,
  loadDataset,
  loadOwn,
} from "../data/index.ts";
import type { Config } from "../experiment/index.ts";
import { sources } from "./sources.ts";

export interface OpenedDataset {
  readonly dataset: Dataset;
  readonly where: string;
  /** Whether it is all that there is of it. */
  readonly complete: boolean;
}

/** Whether moiety knows a dataset by this name. */
export function isKnown(name: string): name is DatasetName {
  return Object.hasOwn(catalogue, name);
}

/** Finds and loads a config's data; `named` is the folder that a user gave, if any. */
export async function openDataset(
  { dataset: name, files, task }: Pick<Config, "dataset" | "files" | "task">,
  named: string | undefined,
): Promise<OpenedDataset> {
  if (files) {
    const [source] = await sources(named ?? files.folder);
    return { dataset: await loadOwn(name, source!, files, task), where: source!.where, complete: true };
  }
  if (isGenerated(name))
    return { dataset: await generateDataset(name), where: "made by its generator", complete: true };
  // the schema lets no other name through without files
  const known = name as DatasetName;
  const { source, complete } = await findDataset(known, await sources(named));
  return { dataset: await loadDataset(known, source), where: source.where, complete };
}

/** The data of several configs: opened once for all that have the same, let go when others are wanted. */
export class Datasets {
  readonly #named: string | undefined;
  readonly #opened = new Map<string, { readonly data: Promise<OpenedDataset>; users: number }>();

  /** @param named the folder that a user gave, if any */
  constructor(named: string | undefined) {
    this.#named = named;
  }

  /** Uses a config's data; errors of opening are every user's. */
  async use<T>(config: Config, work: (opened: OpenedDataset) => Promise<T>): Promise<T> {
    const key = JSON.stringify([config.dataset, config.files, config.task]);
    for (const [other, { users }] of this.#opened) if (other !== key && users === 0) this.#opened.delete(other);
    const held = this.#opened.get(key) ?? { data: openDataset(config, this.#named), users: 0 };
    this.#opened.set(key, held);
    held.users++;
    try {
      return await work(await held.data);
    } finally {
      held.users--;
    }
  }
}
