// Which place has what. Candidate places come in the order in which they are to be tried; nothing here knows a path, an
// environment variable or a file system.
import { absent, catalogue, type CatalogueEntry, type DatasetName, fileNames, gather } from "./catalogue.ts";
import type { DataSource } from "./source.ts";

/** What one place has of one dataset. */
export interface Found {
  /** Which one. */
  readonly dataset: DatasetName;
  /** Where it was found. */
  readonly source: DataSource;
  /** Rows of each split as the files promise; undefined if files are missing or damaged, so that it cannot be loaded. */
  readonly rows: { readonly train: number; readonly test: number } | undefined;
  /** Whether this is the whole published dataset rather than a part of it. */
  readonly complete: boolean;
  /** Files that are not there, without `.gz`. */
  readonly missing: readonly string[];
  /** Why the files that are there cannot be used. */
  readonly problem: string | undefined;
}

async function look(dataset: DatasetName, source: DataSource): Promise<Found | undefined> {
  const entry: CatalogueEntry = catalogue[dataset];
  const train = await gather(source, entry, entry.files.train);
  const test = await gather(source, entry, entry.files.test);
  if (train.files.length + test.files.length === 0) return undefined;
  const missing = [...train.missing, ...test.missing];
  const found = { dataset, source, missing, complete: false, rows: undefined, problem: undefined };
  if (missing.length > 0) return found;
  try {
    const rows = { train: await entry.count(train.files), test: await entry.count(test.files) };
    return { ...found, rows, complete: rows.train === entry.rows.train && rows.test === entry.rows.test };
  } catch (reason) {
    if (!(reason instanceof RangeError)) throw reason;
    return { ...found, problem: reason.message };
  }
}

/** Every dataset of which a place has at least one file, in the order of the places. Reads headers, not contents. */
export async function survey(sources: readonly DataSource[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const source of sources)
    for (const dataset of Object.keys(catalogue) as DatasetName[]) {
      const one = await look(dataset, source);
      if (one) found.push(one);
    }
  return found;
}

/**
 * The place to load a dataset from: the first that has the whole of it, else the first that has a part of its rows.
 * A place with damaged files, or with some of the files only, is a RangeError rather than passed over; so is no place.
 */
export async function findDataset(dataset: DatasetName, sources: readonly DataSource[]): Promise<Found> {
  let part: Found | undefined;
  for (const source of sources) {
    const found = await look(dataset, source);
    if (found?.complete) return found;
    if (found?.problem) throw new RangeError(found.problem);
    if (found && !found.rows) throw absent(dataset, source, found.missing);
    part ??= found;
  }
  if (part) return part;
  const places = sources.map(({ where }) => where).join(", ") || "no place at all";
  throw new RangeError(
    `findDataset: ${dataset}, got none of its files in ${places}; give the folder that holds ${fileNames(dataset)}`,
  );
}
