// The data of a config: one that moiety knows by name, wherever it is, or files of one's own.
import { catalogue, type Dataset, type DatasetName, findDataset, loadDataset, loadOwn } from "../data/index.ts";
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
export async function openDataset({ dataset: name, files }: Config, named: string | undefined): Promise<OpenedDataset> {
  if (files) {
    const [source] = await sources(named ?? files.folder);
    return { dataset: await loadOwn(name, source!, files), where: source!.where, complete: true };
  }
  // the schema lets no other name through without files
  const known = name as DatasetName;
  const { source, complete } = await findDataset(known, await sources(named));
  return { dataset: await loadDataset(known, source), where: source.where, complete };
}
