// Is this checkout slower than another commit? Both are built and run the same cases in turns. The other is timed by this
// checkout's bench, so that only the library differs; by its own where its library is too old for that.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
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
  /** New: the other commit does not have it, or cannot run it. */
  readonly verdict: "faster" | "same" | "slower" | "new";
  readonly error?: string;
}

// below this a difference is nobody's business: code moves by as much when it is laid out anew
const LEAST = 0.03;

/** Faster or slower when the whole interval lies beyond 3 % on one side. */
export function verdict(low: number, high: number): "faster" | "same" | "slower" {
  if (low > 1 + LEAST) return "slower";
  return high < 1 / (1 + LEAST) ? "faster" : "same";
}

/** Another commit in a folder of its own, with kernels built. */
export interface Checkout {
  /** Where its runner is: this bench over its library, or the bench it came with. */
  readonly runner: string;
  remove(): void;
}

// this bench beside the one the other commit has; imports between folders are the same
const NOW = "bench.now";

const here = fileURLToPath(new URL("..", import.meta.url));

function git(...args: string[]): void {
  execFileSync("git", args, { cwd: here, stdio: ["ignore", "pipe", "pipe"] });
}

/** Checks `ref` out beside this checkout and builds its kernels. Throws what git or the build says. */
export async function checkout(ref: string): Promise<Checkout> {
  const root = join(mkdtempSync(join(tmpdir(), "moiety-bench-")), "checkout");
  git("worktree", "add", "--detach", root, ref);
  const remove = (): void => {
    // the link goes first: what it leads to is ours
    rmSync(`${root}/node_modules`, { force: true });
    git("worktree", "remove", "--force", root);
    rmSync(join(root, ".."), { recursive: true, force: true });
  };
  try {
    cpSync(`${here}bench`, `${root}/${NOW}`, {
      recursive: true,
      filter: (path) => !path.startsWith(`${here}bench/peers/`),
    });
    symlinkSync(`${here}node_modules`, `${root}/node_modules`, "dir");
    execFileSync(process.execPath, ["--import", "tsx", "scripts/build-kernels.ts"], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const fits = await runs(`${root}/${NOW}/runner.ts`);
    return { runner: `${root}/${fits ? NOW : "bench"}/runner.ts`, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

// any request does: what matters is that the modules load
async function runs(runner: string): Promise<boolean> {
  const server = own(runner);
  const { error } = await server.ask({ do: "check", slot: "case" });
  await server.close();
  return !error?.includes("the runner ended");
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
  const servers = [own(), own(other.runner)];
  try {
    const [ours, theirs] = (await race(
      suite,
      one,
      servers.map((server, i) => new Runner(i === 0 ? "this" : "other", server)),
      options,
    )) as [Finish, Finish];
    const common = { suite, name: one.name };
    const error = ours.error ?? theirs.error;
    if (error !== undefined)
      return { ...common, low: NaN, middle: NaN, high: NaN, verdict: ours.error ? "slower" : "new", error };
    const count = Math.min(ours.rounds.length, theirs.rounds.length);
    const ratios = Array.from({ length: count }, (_, i) => ours.rounds[i]! / theirs.rounds[i]!);
    const { low, middle, high } = medianInterval(ratios);
    return { ...common, low, middle, high, verdict: verdict(low, high) };
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}
