// Run folders by name and state.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigError } from "../experiment/index.ts";
import { fractionP } from "../experiment/records.ts";
import { Folder } from "./folder.ts";

const RUNS = "runs";

async function names(): Promise<string[]> {
  return (await readdir(RUNS).catch(() => [])).sort();
}

/** A folder under runs/ that does not exist yet, named after what is run. */
export async function newRunFolder(config: Config): Promise<string> {
  const { preset, fidelity, optOut, seed } = config;
  const p = fractionP(config);
  const parts = [
    preset,
    fidelity === "paper" ? "" : fidelity,
    p === null ? config.partition.kind : `p${p}`,
    optOut > 0 ? `out${optOut}` : "",
    `seed${seed}`,
  ];
  const name = parts.filter(Boolean).join("-");
  const taken = new Set(await names());
  let path = name;
  for (let i = 2; taken.has(path); i++) path = `${name}-${i}`;
  return join(RUNS, path);
}

/** Whether a folder holds a run with its summary. */
export async function isFinished(folder: Folder): Promise<boolean> {
  return (await folder.read("summary.json")) !== undefined;
}

/** The newest folder under runs/ that was begun and not finished, of one preset if named. */
export async function unfinishedRun(preset: string | undefined): Promise<string> {
  const found: { path: string; time: number }[] = [];
  for (const name of await names()) {
    const folder = new Folder(join(RUNS, name));
    const config = await folder.read("config.json");
    if (!config || (await isFinished(folder))) continue;
    if (preset && JSON.parse(new TextDecoder().decode(config)).preset !== preset) continue;
    found.push({ path: folder.path, time: (await stat(join(folder.path, "config.json"))).mtimeMs });
  }
  const newest = found.sort((a, b) => b.time - a.time)[0];
  if (!newest)
    throw new ConfigError(
      `--resume: no unfinished run${preset ? ` of ${preset}` : ""} under ${RUNS}/; name its folder`,
    );
  return newest.path;
}
