// Which modules a script makes Node load, as Node itself tells: nothing is run in this process.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const hook = `import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(process.env.MOIETY_LOADS, url + "\\n");
  return next(url, context);
}`;
const register = `import { register } from "node:module";
register("data:text/javascript,${encodeURIComponent(hook)}");`;

/** The addresses of all modules loaded by `code` run in `cwd`, built-in ones and the code itself left out. */
export async function modulesLoadedBy(code: string, cwd: string, ...flags: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "moiety-loads-"));
  const log = join(folder, "loads");
  try {
    await writeFile(log, "");
    await run(
      process.execPath,
      [...flags, "--import", `data:text/javascript,${encodeURIComponent(register)}`, "--input-type=module", "-e", code],
      { cwd, env: { ...process.env, MOIETY_LOADS: log } },
    );
    const addresses = (await readFile(log, "utf8")).split("\n");
    return [...new Set(addresses.filter((address) => address.startsWith("file:")))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The names of the packages that addresses lie in; modules outside of node_modules are of no package. */
export function packagesOf(addresses: readonly string[]): string[] {
  const names = addresses.flatMap((address) => {
    const inside = address.split("/node_modules/").at(-1)!;
    if (inside === address) return [];
    return [
      inside
        .split("/")
        .slice(0, inside.startsWith("@") ? 2 : 1)
        .join("/"),
    ];
  });
  return [...new Set(names)].toSorted();
}
