// Run folders by name and state.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigError, planRuns } from "../experiment/index.ts";
import { fractionP } from "../experiment/records.ts";
import { parsePlan } from "../experiment/recordSchema.ts";
import { readJson } from "../experiment/checked.ts";
import { makeFolder, makeNewFolder } from "./durable.ts";
import { Folder } from "./folder.ts";
import { ownerOf } from "./lock.ts";

const RUNS = "runs";

/** The file of a sweep's folder that says which runs belong to it. */
export const PLAN = "sweep.json";

async function names(): Promise<string[]> {
  return (await readdir(RUNS).catch(() => [])).sort();
}

/** Makes a folder under runs/ that did not exist, named after what is run. */
export function newRunFolder(config: Config): Promise<string> {
  const { preset, fidelity, optOut, seed } = config;
  const p = fractionP(config);
  const parts = [
    preset,
    fidelity === "paper" ? "" : fidelity,
    p === null ? config.partition.kind : `p${p}`,
    optOut > 0 ? `out${optOut}` : "",
    `seed${seed}`,
  ];
  return newFolder(parts.filter(Boolean).join("-"));
}

/** Makes a folder under runs/ that did not exist, of this name or with a number behind it. */
export async function newFolder(name: string): Promise<string> {
  await makeFolder(RUNS);
  for (let i = 1; ; i++) {
    const path = join(RUNS, i === 1 ? name : `${name}-${i}`);
    // of two that want the same name at once one makes it
    if (await makeNewFolder(path)) return path;
  }
}

/** Whether a folder holds a run with its summary. One that is empty or torn is none: its run is gone on with. */
export async function isFinished(folder: Folder): Promise<boolean> {
  const bytes = await folder.read("summary.json");
  if (!bytes) return false;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** The run folders that a path stands for: its own, or those of a sweep, done and still open. */
export async function runsAt(path: string): Promise<{ done: string[]; open: string[] }> {
  const plan = await new Folder(path).read(PLAN);
  if (!plan) return { done: [path], open: [] };
  const name = `report: ${path}/${PLAN}`;
  const found = { done: [] as string[], open: [] as string[] };
  for (const one of planRuns(parsePlan(readJson(plan, name), name))) {
    const run = join(path, one.name);
    found[(await isFinished(new Folder(run))) ? "done" : "open"].push(run);
  }
  return found;
}

/** The newest folder under runs/ that was begun and not finished, of one preset if named. */
export async function unfinishedRun(preset: string | undefined): Promise<string> {
  const found: { path: string; time: number }[] = [];
  let living = 0;
  for (const name of await names()) {
    const folder = new Folder(join(RUNS, name));
    const config = await folder.read("config.json");
    if (!config || (await isFinished(folder))) continue;
    if (
      preset &&
      (readJson(config, `--resume: ${folder.path}/config.json`) as { preset?: unknown } | null)?.preset !== preset
    )
      continue;
    // what goes on needs nobody to go on with it
    if (await ownerOf(folder.path)) {
      living++;
      continue;
    }
    found.push({ path: folder.path, time: (await stat(join(folder.path, "config.json"))).mtimeMs });
  }
  const newest = found.sort((a, b) => b.time - a.time)[0];
  if (!newest)
    throw new ConfigError(
      `--resume: no unfinished run${preset ? ` of ${preset}` : ""} under ${RUNS}/${living > 0 ? ` but ${living} that goes on now` : ""}; name its folder`,
    );
  return newest.path;
}
