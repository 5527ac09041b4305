// A Python with the pinned flwr, in a virtual environment of its own below build/. Made on first use.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export const project: string = `${root}flower`;

/** The flwr that the Python project pins. */
export function pinnedVersion(): string {
  const found = /flwr==([\d.]+)/.exec(readFileSync(`${project}/pyproject.toml`, "utf8"))?.[1];
  if (found === undefined) throw new RangeError("pinnedVersion: flower/pyproject.toml pins no flwr");
  return found;
}

/** Runs a command; undefined if it succeeded, else its last line. */
function run(command: string, ...args: string[]): string | undefined {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: 300_000 });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : (stderr.trim().split("\n").at(-1) ?? `exit ${status}`);
}

/** The environment's bin folder, or one line on why there is none. */
export function flowerEnvironment(): { bin: string } | { missing: string } {
  const version = process.env["MOIETY_FLOWER_VERSION"] ?? pinnedVersion();
  const venv = `${root}build/flower/${version === pinnedVersion() ? "venv" : `venv-${version}`}`;
  const bin = `${venv}/bin`;
  const installed = `import importlib.metadata as m, sys; sys.exit(m.version("flwr") != "${version}")`;
  if (existsSync(`${bin}/flower-superlink`) && run(`${bin}/python`, "-c", installed) === undefined) return { bin };
  const recent = run("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 11))");
  if (recent !== undefined) return { missing: `Python 3.11 or later is not here (${recent})` };
  const failure = run("python3", "-m", "venv", venv) ?? run(`${bin}/pip`, "install", "--quiet", `flwr==${version}`);
  return failure === undefined ? { bin } : { missing: `flwr ${version} cannot be installed (${failure})` };
}
