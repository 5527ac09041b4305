// Packages that only a check needs, pinned, installed once into a cache of their own: outside of the tree and of
// package.json, so that a fresh clone stays small.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "moiety");

/** The folder whose node_modules holds `name@version`, installed if need be. Throws where npm cannot get it. */
export async function installed(name: string, version: string, ...more: readonly string[]): Promise<string> {
  const folder = join(cache, [`${name}@${version}`, ...more].join("+").replaceAll("/", "-"));
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  // complete or not there at all: an interrupted install leaves nothing that looks whole
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    await writeFile(join(partial, "package.json"), "{}\n");
    await run("npm", ["install", "--no-audit", "--no-fund", "--no-save", `${name}@${version}`, ...more], {
      cwd: partial,
      shell: process.platform === "win32",
    });
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    // the first line with an npm error is its code, the second says what is the matter
    const { message, stderr = "" } = error as Error & { stderr?: string };
    const why =
      stderr
        .match(/(?<=^npm error ).*$/gm)
        ?.slice(0, 2)
        .join(", ") ?? message;
    throw new Error(`npm install ${name}@${version}: ${why}`, { cause: error });
  }
  return folder;
}
