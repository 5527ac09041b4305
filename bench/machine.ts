// What the numbers were measured on; without it they say nothing.
import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly runtime: string;
  readonly commit: string;
  readonly date: string;
  /** Processes that wanted a core during the last minute; this bench is one of them. */
  readonly load: number;
}

export function runtime(): string {
  return `node ${process.versions.node}`;
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    runtime: runtime(),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    load: loadavg()[0]!,
  };
}

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

function commit(): string {
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "src", "kernels") !== "";
    return git("rev-parse", "--short", "HEAD") + (changed ? " with changes" : "");
  } catch {
    return "unknown";
  }
}

/** One line for a person. */
export function machineLine({ cpu, cores, memoryGiB, runtime, commit, date, load }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${runtime}, commit ${commit}, ${date}, load ${load.toFixed(2)}`;
}
