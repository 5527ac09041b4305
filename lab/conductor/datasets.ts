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
import type { DataChoice, DataOutline } from "../messages.ts";
import { recognise } from "./recognise.ts";

/** What the lab can show. */
export type LabDataset = ImageDataset | FeatureDataset;

export interface Opened {
  readonly dataset: LabDataset;
  readonly names: DataOutline["names"];
}

/** Fetches and unpacks a dataset. Files that do not fit are an error that says which and why. */
export async function openData(choice: DataChoice): Promise<Opened> {
  if (choice.kind === "own") return openOwn(choice.files);
  const { train, test } = catalogue["fashion-mnist"].files;
  const dataset = await loadFashionMnist({
    ...urlSource(new URL("data/fashion-mnist", import.meta.url)),
    // the names are known, so nothing is asked for that is not there
    list: async () => [...train, ...test].map((name) => `${name}.gz`),
  });
  return { dataset, names: { dataset: "fashion-mnist" } };
}

async function openOwn(given: readonly File[]): Promise<Opened> {
  const files: Record<string, Uint8Array> = {};
  for (const file of given) files[file.name] = new Uint8Array(await file.arrayBuffer());
  const { name, own } = await recognise(files);
  const dataset = await loadOwn(name, memorySource(files, "your files"), own);
  // a run folder is a folder: the files are expected to stand beside its config
  return { dataset, names: { dataset: name, files: { ...own, folder: "." } } };
}
