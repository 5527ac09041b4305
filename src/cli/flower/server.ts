// Flower's own programs: how they are called, and where they keep what they keep.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../../experiment/index.ts";

/** The Python project that comes with moiety. */
export const project: string = fileURLToPath(new URL("../../../flower", import.meta.url));

// Flower reports usage and looks for updates unless told not to
export const QUIET = { FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1" } as const;

export interface Place {
  /** The federation's folder. */
  readonly folder: string;
  /** Of the SuperLink, on this machine. */
  readonly port: number;
  /** PEM file of the authority that signed its certificate; plain text without. */
  readonly ca: string | undefined;
  /** Folder with Flower's programs, if they are not on the PATH. */
  readonly bin: string | undefined;
}

/** Writes Flower's settings into the folder; resolves to their place. */
export function flowerHome({ folder, port, ca }: Omit<Place, "bin">): string {
  const home = `${folder}/flwr`;
  mkdirSync(home, { recursive: true });
  const trust = ca === undefined ? "insecure = true" : `root-certificates = "${resolve(ca)}"`;
  writeFileSync(
    `${home}/config.toml`,
    `[superlink]\ndefault = "moiety"\n\n[superlink.moiety]\naddress = "127.0.0.1:${port}"\n${trust}\n`,
  );
  return home;
}

/** What Flower's programs are started with; a ConfigError where they are not here. */
export function flowerEnvironment({ folder, bin }: Pick<Place, "folder" | "bin">): NodeJS.ProcessEnv {
  const path = bin === undefined ? process.env["PATH"] : `${resolve(bin)}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, ...QUIET, FLWR_HOME: `${folder}/flwr`, PATH: path };
  if (spawnSync("flwr", ["--version"], { env }).error)
    throw new ConfigError(
      "flwr is not here; moiety flower up (without --start) prints how to install it, --bin names its folder",
    );
  return env;
}

/** Has the SuperLink run our ServerApp with settings of `key=value` or a TOML file; ends when the run does. */
export function startRun(settings: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn("flwr", ["run", project, "moiety", "--stream", "--run-config", settings], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
