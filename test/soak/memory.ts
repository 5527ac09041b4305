// Memory of processes over time, and whether it grows. A process that is killed begins a life anew, so growth is looked for within
// lives: a straight line with one slope for all lives of a kind and a level of its own for each.
import { readFileSync } from "node:fs";

interface Life {
  readonly kind: string;
  readonly pid: number;
  readonly points: { readonly minute: number; readonly mib: number }[];
  cpuSeconds: number;
}

/** What the lives of a kind come to. */
export interface Growth {
  readonly kind: string;
  readonly lives: number;
  /** Lives that were long enough to be looked at, and the longest of them in minutes. */
  readonly counted: number;
  readonly longest: number;
  /** Median over everything sampled, MiB. */
  readonly median: number;
  readonly most: number;
  /** MiB an hour within lives; NaN where no life was long enough. */
  readonly slope: number;
}

// what a process does first is begin: its heap is filled and its code compiled
const WARM_MINUTES = 3;
const LEAST_MINUTES = 2;
// of Linux: ticks a second in /proc
const TICKS = 100;

export class Memory {
  readonly #lives = new Map<string, Life>();
  readonly #begun = performance.now();

  /** Looks at processes; those that are gone are left alone. */
  sample(processes: readonly { readonly kind: string; readonly pid: number }[]): void {
    for (const { kind, pid } of processes) {
      const found = lookAt(pid);
      if (!found) continue;
      const name = `${kind} ${pid}`;
      const life = this.#lives.get(name) ?? { kind, pid, points: [], cpuSeconds: 0 };
      life.points.push({ minute: (performance.now() - this.#begun) / 60_000, mib: found.mib });
      life.cpuSeconds = found.cpuSeconds;
      this.#lives.set(name, life);
    }
  }

  /** Processor time of everything that was sampled, seconds. */
  get cpuSeconds(): number {
    return [...this.#lives.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  }

  growth(): Growth[] {
    const kinds = new Set([...this.#lives.values()].map(({ kind }) => kind));
    return [...kinds].toSorted().map((kind) =>
      growthOf(
        kind,
        [...this.#lives.values()].filter((one) => one.kind === kind),
      ),
    );
  }
}

function growthOf(kind: string, lives: readonly Life[]): Growth {
  const all = lives.flatMap(({ points }) => points.map(({ mib }) => mib)).toSorted((a, b) => a - b);
  let [up, down, counted, longest] = [0, 0, 0, 0];
  for (const { points } of lives) {
    const from = points[0]!.minute + WARM_MINUTES;
    const warm = points.filter(({ minute }) => minute >= from);
    const minutes = (warm.at(-1)?.minute ?? from) - from;
    if (minutes < LEAST_MINUTES) continue;
    counted++;
    longest = Math.max(longest, minutes);
    const [t, y] = [mean(warm.map(({ minute }) => minute)), mean(warm.map(({ mib }) => mib))];
    for (const { minute, mib } of warm) {
      up += (minute - t) * (mib - y);
      down += (minute - t) ** 2;
    }
  }
  const median = all[all.length >> 1] ?? NaN;
  return { kind, lives: lives.length, counted, longest, median, most: all.at(-1) ?? NaN, slope: (60 * up) / down };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function lookAt(pid: number): { mib: number; cpuSeconds: number } | undefined {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // behind the name, which may hold anything
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return kib === undefined
      ? undefined
      : { mib: Number(kib) / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
