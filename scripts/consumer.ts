// Programs of somebody who has installed moiety, compiled as strictly as a compiler can: every declaration that an entry leads to is
// checked, too, whatever is not installed.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { installed } from "./installed.ts";

const run = promisify(execFile);

/** How programs find packages: as bundlers do, and as Node does. */
const resolutions = [
  { module: "esnext", moduleResolution: "bundler" },
  { module: "node16", moduleResolution: "node16" },
];

const compilerOptions = {
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  target: "es2022",
  // nothing of Node's is to be needed
  types: [],
};

/** Compiles programs of one file each in a project that has what they import; rejects with what the compiler says. */
export async function compile(folder: string, version: string, files: readonly string[]): Promise<void> {
  const compiler = join(await installed("typescript", version), "node_modules/typescript/bin/tsc");
  for (const resolution of resolutions) {
    const config = { compilerOptions: { ...compilerOptions, ...resolution }, files };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    await run(process.execPath, [compiler, "-p", "."], { cwd: folder });
  }
}

/** Writes a program for each entry that uses all of it; their names. */
export async function programs(folder: string, entries: readonly string[]): Promise<string[]> {
  const files = entries.map((entry) => [`${entry.replaceAll("/", "-")}.ts`, entry] as const);
  for (const [file, entry] of files)
    await writeFile(join(folder, file), `import * as all from "${entry}";\nexport const used: object = all;\n`);
  return files.map(([file]) => file);
}
