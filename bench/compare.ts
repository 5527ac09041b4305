// Is this checkout slower than another commit? Both are built and run the same cases in turns; only the library differs,
// since the other checkout is given this one's bench.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { own } from "./measure.ts";
import { Runner } from "./protocol.ts";
import { type Finish, race, type RaceOptions } from "./race.ts";
import { medianInterval } from "./statistics.ts";
import type { Case, Suite } from "./suite.ts";

/** How one case stands against the other commit. */
export interface Comparison {
  readonly suite: string;
  readonly name: string;
  /** Our time over the other's: an interval that holds the median with 99 % confidence, and the median. */
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  readonly verdict: "faster" | "same" | "slower";
  readonly error?: string;
}

// below this a difference is nobody's business: code moves by as much when it is laid out anew
const LEAST = 0.03;

/** Faster or slower when the whole interval lies beyond 3 % on one side. */
export function verdict(low: number, high: number): Comparison["verdict"] {
  if (low > 1 + LEAST) return "slower";
  return high < 1 / (1 + LEAST) ? "faster" : "same";
}

/** Another commit in a folder of its own, with kernels built. */
export interface Checkout {
  readonly root: string;
  remove(): void;
}

const here = fileURLToPath(new URL("..", import.meta.url));

function git(...args: string[]): void {
  execFileSync("git", args, { cwd: here, stdio: ["ignore", "pipe", "pipe"] });
}

/** Checks `ref` out beside this checkout and builds its kernels. Throws what git or the build says. */
export function checkout(ref: string): Checkout {
  const root = join(mkdtempSync(join(tmpdir(), "moiety-bench-")), "checkout");
  git("worktree", "add", "--detach", root, ref);
  const remove = (): void => {
    git("worktree", "remove", "--force", root);
    rmSync(join(root, ".."), { recursive: true, force: true });
  };
  try {
    rmSync(`${root}/bench`, { recursive: true, force: true });
    cpSync(`${here}bench`, `${root}/bench`, {
      recursive: true,
      filter: (path) => !path.startsWith(`${here}bench/peers`),
    });
    if (existsSync(`${here}node_modules`)) symlinkSync(`${here}node_modules`, `${root}/node_modules`, "dir");
    execFileSync(process.execPath, ["--import", "tsx", "scripts/build-kernels.ts"], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    return { root, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Compares the cases of a suite. What looks slower is run once more, in new processes and for longer, before it counts. */
export async function* compare(
  suite: Suite,
  other: Checkout,
  only: (name: string) => boolean,
  options: RaceOptions,
): AsyncGenerator<Comparison> {
  for (const one of suite.cases.filter(({ name }) => only(name))) {
    const first = await duel(suite.name, one, other, options);
    const again = { ...options, rounds: options.rounds * 2, seconds: options.seconds * 2 };
    yield first.verdict === "slower" ? await duel(suite.name, one, other, again) : first;
  }
}

async function duel(suite: string, one: Case, other: Checkout, options: RaceOptions): Promise<Comparison> {
  const servers = [own(), own(other.root)];
  try {
    const [ours, theirs] = (await race(
      suite,
      one,
      servers.map((server, i) => new Runner(i === 0 ? "this" : "other", server)),
      options,
    )) as [Finish, Finish];
    const common = { suite, name: one.name };
    const error = ours.error ?? theirs.error;
    // a case that the other commit cannot run is new
    if (error !== undefined)
      return { ...common, low: NaN, middle: NaN, high: NaN, verdict: ours.error ? "slower" : "same", error };
    const count = Math.min(ours.rounds.length, theirs.rounds.length);
    const ratios = Array.from({ length: count }, (_, i) => ours.rounds[i]! / theirs.rounds[i]!);
    const { low, middle, high } = medianInterval(ratios);
    return { ...common, low, middle, high, verdict: verdict(low, high) };
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}
