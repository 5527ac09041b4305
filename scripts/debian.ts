// Programs that Debian packages and no registry of ours has: found on this machine, else installed where that is allowed.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

const aptGet = (...words: readonly string[]): Promise<unknown> =>
  run("apt-get", words, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });

/** The first of `places` that exists, after installing `packages` if none did; undefined where they cannot be had. */
export async function fromDebian(packages: readonly string[], places: readonly string[]): Promise<string | undefined> {
  const here = (): string | undefined => places.find((path) => existsSync(path));
  const found = here();
  if (found || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return found;
  const install = (): Promise<unknown> => aptGet("install", "-y", "--no-install-recommends", ...packages);
  // a new machine has no list of packages, an old one a list of versions that are gone
  await install().catch(() =>
    aptGet("update")
      .then(install)
      .catch(() => {}),
  );
  return here();
}
