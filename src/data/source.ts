// Where bytes come from: a folder, a server, files dropped on a page. This floor knows names and bytes only; whoever has a
// file system or a network makes a source of it.
import { fetchIfThere } from "../runtime/platform.ts";

/** A place that may hold data files. */
export interface DataSource {
  /** The place as a user would name it; error messages quote it. */
  readonly where: string;
  /** Every name that `read` would find, subfolders included, if that is cheap to know; else candidate names are tried. */
  list?(): Promise<string[]>;
  /** The bytes of a file, or undefined if there is no such file. Names use `/`. */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** A file that was found: its bytes as they lie in the source, and its full name for messages. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A source over bytes in memory, for example of files dropped on a page. */
export function memorySource(files: Readonly<Record<string, Uint8Array>>, where = "memory"): DataSource {
  return {
    where,
    list: async () => Object.keys(files),
    read: async (name) => (Object.hasOwn(files, name) ? files[name] : undefined),
  };
}

/** A source over a folder at an address, `file:` included; a page may ask its own host. */
export function urlSource(folder: URL | string): DataSource {
  const base = String(folder).endsWith("/") ? String(folder) : `${folder}/`;
  const at = (name: string): URL => new URL(name.split("/").map(encodeURIComponent).join("/"), base);
  return { where: base.replace(/\/$/, ""), read: (name) => fetchIfThere(at(name)) };
}

/** The data that come with moiety: a balanced part of Fashion-MNIST, 10,000 training and 2,000 test rows. */
export function bundled(): DataSource {
  // the folder stands beside sources and compiled modules alike
  const here = import.meta.url;
  return urlSource(new URL("../../data/fashion-mnist", here));
}

/** The file `stem`, packed (`.gz`) or not, in the first of the folders that has it. */
export async function locate(
  source: DataSource,
  folders: readonly string[],
  stem: string,
): Promise<NamedFile | undefined> {
  const known = source.list && new Set(await source.list());
  for (const folder of folders)
    for (const ending of ["", ".gz"]) {
      const path = `${folder}${stem}${ending}`;
      if (known && !known.has(path)) continue;
      const bytes = await source.read(path);
      if (bytes) return { name: `${source.where}/${path}`, bytes };
    }
  return undefined;
}
