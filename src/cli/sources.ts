// Where data are looked for: what the user named alone, else the environment, Debian's packages and the bundled part.
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataSource } from "../data/index.ts";
import { ConfigError } from "../experiment/config.ts";

/** The environment variable that names a data folder. */
export const DATA_VARIABLE = "MOIETY_DATA";

/** The part of Fashion-MNIST that comes with moiety. */
export const bundled: string = fileURLToPath(new URL("../../data", import.meta.url));

function folder(path: string): DataSource {
  return {
    where: path,
    read: async (name) => {
      try {
        return await readFile(join(path, name));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
        throw error;
      }
    },
    match: async (pattern) => {
      // the * is in a file's name or in a folder's
      const [before, after] = pattern.split("*") as [string, string];
      const parent = before.slice(0, before.lastIndexOf("/") + 1);
      const rest = after.includes("/") ? after.slice(after.indexOf("/")) : "";
      const entries = await readdir(join(path, parent)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
        throw error;
      });
      return entries.map((entry) => `${parent}${entry}${rest}`);
    },
  };
}

/** Data folders in the order in which they are tried. A folder the user named is the only one, and must exist. */
export async function sources(named: string | undefined): Promise<DataSource[]> {
  const wanted = named ?? process.env[DATA_VARIABLE];
  if (wanted !== undefined) {
    const path = resolve(wanted);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory())
      throw new ConfigError(
        `${named === undefined ? DATA_VARIABLE : "--data"}: ${path} is not a folder; name the one that holds the data files`,
      );
    if (named !== undefined) return [folder(path)];
    return [folder(path), folder("/usr/share/datasets"), folder(bundled)];
  }
  return [folder("/usr/share/datasets"), folder(bundled)];
}
