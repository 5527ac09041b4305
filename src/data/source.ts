// Where bytes come from: a folder, a server, files dropped on a page. This floor knows names and bytes only; whoever has a
// file system or a network makes a source of it.
import { fetchIfThere } from "../runtime/platform.ts";

/** A place that may hold data files. */
export interface DataSource {
  /** The place as a user would name it; error messages quote it. */
  readonly where: string;
  /** Every name that `read` would find, subfolders included, if that is cheap to know; else candidate names are tried. */
  list?(): Promise<string[]>;
  /** Names among which are all that fit a pattern with one `*` for anything but `/`, where files can be listed. */
  match?(pattern: string): Promise<string[]>;
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

/** What `*` stands for in a name that fits the pattern; undefined for one that does not. */
export function wildcard(pattern: string, name: string): string | undefined {
  const [before, after] = pattern.split("*") as [string, string];
  const fits = name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after);
  const found = fits ? name.slice(before.length, name.length - after.length) : "/";
  return found.includes("/") ? undefined : found;
}

/**
 * The files whose names fit a pattern with one `*`, packed (`.gz`) or not, each with what the `*` stands for, in the order of
 * that. A RangeError where there are none, or the place cannot list.
 */
export async function locateAll(source: DataSource, pattern: string): Promise<{ star: string; file: NamedFile }[]> {
  if (pattern.split("*").length !== 2)
    throw new RangeError(`data: file name, got ${pattern}, expected one * at most, which stands for a client`);
  if (!source.match && !source.list)
    throw new RangeError(`data: ${source.where}, got ${pattern}, expected a name, as files cannot be listed there`);
  const found = new Map<string, string>();
  for (const wanted of [pattern, `${pattern}.gz`])
    for (const name of source.match ? await source.match(wanted) : await source.list!()) {
      const star = wildcard(wanted, name);
      if (star !== undefined && !found.has(star)) found.set(star, name);
    }
  if (found.size === 0)
    throw new RangeError(`data: ${source.where}, got no ${pattern}; give the folder that holds them`);
  const files: { star: string; file: NamedFile }[] = [];
  for (const [star, name] of [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = await source.read(name);
    if (bytes) files.push({ star, file: { name: `${source.where}/${name}`, bytes } });
  }
  return files;
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
