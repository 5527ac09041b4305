// What a user gets: the packed tarball, installed into an empty project, which lies outside of the tree: below it, Node and compilers
// would find the tree's own packages.
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "./build.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const npm = { shell: process.platform === "win32" };

/** Builds and packs into build/tarball; the path of the one file there. */
export async function pack(): Promise<string> {
  const folder = join(root, "build/tarball");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build();
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root, ...npm });
  const [file] = await readdir(folder);
  if (!file) throw new Error("pack: npm pack left no file");
  return join(folder, file);
}

/** The folder of a new project called `name`, with the tarball and `more` packages installed; it is gone when this process ends. */
export async function project(name: string, tarball: string, ...more: readonly string[]): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `moiety-${name}-`)));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), `{ "name": "${name}", "private": true, "type": "module" }\n`);
  await run("npm", ["install", "--no-audit", "--no-fund", tarball, ...more], { cwd: folder, ...npm });
  return folder;
}
