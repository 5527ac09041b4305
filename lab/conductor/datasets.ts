// Where the lab's data come from: the folder beside the page, or files of the reader's own.
import {
  catalogue,
  type FeatureDataset,
  type ImageDataset,
  loadFashionMnist,
  loadOwn,
  memorySource,
  urlSource,
} from "../../src/data/index.ts";
import { openTable, type TableCells } from "../../src/data/table.ts";
import type { DataChoice, DataOutline, OwnChoice } from "../messages.ts";
import { type Recognised, recognise } from "./recognise.ts";

// a page has no room for more, whatever is in them
const mostBytes = 500 * 2 ** 20;

/** What the lab can show. */
export type LabDataset = ImageDataset | FeatureDataset;

export interface Opened {
  readonly dataset: LabDataset;
  readonly names: DataOutline["names"];
  /** Of a table its rows as they are written. */
  readonly cells?: TableCells | undefined;
}

/** Files of the reader's own in memory: what they are, and datasets of them. */
export class OwnFiles {
  #files: Record<string, Uint8Array> = {};

  /** Reads files, and says what they most likely are. */
  async look(given: readonly File[]): Promise<Recognised> {
    const large = given.find(({ size }) => size > mostBytes);
    if (large)
      throw new RangeError(
        `files: got ${Math.round(large.size / 2 ** 20)} MB in ${large.name}, expected at most 500 MB in a page; moiety run takes it`,
      );
    const files: Record<string, Uint8Array> = {};
    for (const file of given) files[file.name] = new Uint8Array(await file.arrayBuffer());
    this.#files = files;
    return recognise(files);
  }

  /** The dataset that a description makes of them. */
  async open({ name, own, task }: OwnChoice): Promise<Opened> {
    const source = memorySource(this.#files, "your files");
    // a run folder is a folder: the files are expected to stand beside its config
    const names = { dataset: name, files: { folder: ".", ...own }, ...(task && { task }) };
    if (own.kind !== "csv") return { dataset: await loadOwn(name, source, own, task), names };
    return { ...(await openTable(source, { ...own, name, task })), names };
  }
}

/** Fetches and unpacks a dataset. Files that do not fit are an error that says which and why. */
export async function openData(choice: DataChoice, files: OwnFiles): Promise<Opened> {
  if (choice.kind === "own") return files.open(choice).catch(told);
  const { train, test } = catalogue["fashion-mnist"].files;
  const dataset = await loadFashionMnist({
    ...urlSource(new URL("data/fashion-mnist", import.meta.url)),
    // the names are known, so nothing is asked for that is not there
    list: async () => [...train, ...test].map((name) => `${name}.gz`),
  });
  return { dataset, names: { dataset: "fashion-mnist" } };
}

// what a reader of tables finds wrong is about the files
function told(error: unknown): never {
  if (!(error instanceof RangeError)) throw error;
  throw new RangeError(error.message.replace(/^\w+: your files\//, "files: in "), { cause: error });
}
