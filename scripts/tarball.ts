// What a user gets: the packed tarball, installed into an empty project.
import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
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
  build();
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root, ...npm });
  const [file] = await readdir(folder);
  if (!file) throw new Error("pack: npm pack left no file");
  return join(folder, file);
}

/** The folder of a new project called `name` under build/, with the tarball and `more` packages installed. */
export async function project(name: string, tarball: string, ...more: readonly string[]): Promise<string> {
  const folder = join(root, "build", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), `{ "name": "${name}", "private": true, "type": "module" }\n`);
  await run("npm", ["install", "--no-audit", "--no-fund", tarball, ...more], { cwd: folder, ...npm });
  return folder;
}
