// Runs in a zip archive, as the lab hands them out: laid into a folder for the time that a command needs them.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "../experiment/index.ts";
import { decodeZip } from "../io/unzip.ts";

/** Whether a path names an archive. */
export function isArchive(path: string): boolean {
  return /\.zip$/i.test(path);
}

/** The finished runs of an archive, as folders; `release` removes them. A ConfigError for an archive without any. */
export async function unpackRuns(path: string): Promise<{ readonly runs: string[]; release(): Promise<void> }> {
  const files = await decodeZip(await readFile(path));
  const names = [...files.keys()].filter((name) => basename(name) === "summary.json").map(dirname);
  if (names.length === 0)
    throw new ConfigError(`report: ${path} holds no finished run; a paused one is gone on with by moiety run --resume`);
  const folder = await mkdtemp(join(tmpdir(), "moiety-archive-"));
  for (const [name, bytes] of files) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  return { runs: names.map((name) => join(folder, name)), release: () => rm(folder, { recursive: true, force: true }) };
}
