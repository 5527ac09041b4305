// Where the lab's data come from: the folder beside the page, or files that the reader dropped on it.
import { catalogue, type DataSource, type ImageDataset, loadFashionMnist } from "../../src/data/index.ts";
import type { DataChoice } from "../messages.ts";

const folder = "fashion-mnist";

// the names are known, so nothing is asked for that is not there
function bundled(): DataSource {
  const { train, test } = catalogue["fashion-mnist"].files;
  const base = new URL("data/", import.meta.url);
  return {
    where: base.pathname,
    list: async () => [...train, ...test].map((name) => `${folder}/${name}.gz`),
    read: async (name) => {
      const response = await fetch(new URL(name, base)).catch(() => undefined);
      if (!response?.ok)
        throw new Error(`lab: cannot fetch ${name} (${response?.statusText || "no connection"}); reload the page`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** Fetches and unpacks a dataset. Files that do not fit are a RangeError that says which and why. */
export async function openData(choice: DataChoice): Promise<ImageDataset> {
  if (choice.kind === "bundled") return loadFashionMnist(bundled());
  throw new Error("lab: own files are not read yet");
}
