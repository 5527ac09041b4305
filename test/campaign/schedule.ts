// A kind's batches, part after part, until its time is over.
import type { Finding, Kind } from "./kind.ts";
import { type Lost, Server } from "./process.ts";

/** What is to be done. */
export interface Plan {
  readonly kinds: readonly Kind[];
  readonly seed: number;
  /** Batches of every part, instead of a time. */
  readonly runs: number | undefined;
  readonly seconds: number;
}

/** What was done of a kind. */
export interface Tally {
  readonly kind: Kind;
  /** Cases by part. */
  readonly cases: Map<string, number>;
  readonly findings: (Finding & { readonly part: string; readonly seed: number })[];
  batches: number;
  seconds: number;
  /** Why it was not tried. */
  skipped?: string;
}

/** A part that goes on failing has said enough. */
const ENOUGH = 3;

export function tallyOf(kind: Kind): Tally {
  return { kind, cases: new Map(kind.parts.map(({ name }) => [name, 0])), findings: [], batches: 0, seconds: 0 };
}

function tell(kind: Kind, part: string, seed: number, { what, example }: Finding): void {
  console.log(`\nFINDING  ${kind.name}/${part}: ${what}`);
  if (example !== undefined) console.log(`  smallest case: ${example}`);
  console.log(`  again: npm run test:campaign -- --only "${kind.name}/${part}" --seed ${seed} --runs 1`);
}

/** Tries a kind for as long as the plan gives it, and adds to its tally. */
export async function runKind(tally: Tally, { seed, runs, seconds }: Plan, signal: AbortSignal): Promise<void> {
  const { kind, cases, findings } = tally;
  if (signal.aborted) return;
  const began = performance.now();
  const passed = (): number => (performance.now() - began) / 1000;
  const server = new Server(kind.name);
  const stopped = new Promise<"stopped">((resolve) => signal.addEventListener("abort", () => resolve("stopped")));
  const missing = await server.begin();
  if (missing !== undefined) tally.skipped = missing;
  const open = missing === undefined ? [...kind.parts] : [];
  for (let round = 0; open.length > 0 && round < (runs ?? Infinity); round++) {
    for (const part of open.slice()) {
      // every part has its turn, however short the time
      if ((round > 0 && passed() > seconds) || signal.aborted) break;
      const batch = await Promise.race([server.batch(part.name, seed + round, kind.limitSeconds), stopped]);
      if (batch === "stopped") break;
      const found = "lost" in batch ? [lost(batch)] : batch.findings;
      cases.set(part.name, cases.get(part.name)! + ("lost" in batch ? batch.index : batch.cases));
      tally.batches++;
      for (const finding of found) {
        findings.push({ ...finding, part: part.name, seed: seed + round });
        tell(kind, part.name, seed + round, finding);
      }
      if (findings.filter((finding) => finding.part === part.name).length >= ENOUGH) open.splice(open.indexOf(part), 1);
    }
    if (passed() > seconds || signal.aborted) break;
  }
  await server.close();
  tally.seconds = passed();
  console.log(
    tally.skipped === undefined
      ? `${kind.name}: ${total(tally).toLocaleString("en")} ${kind.cases} in ${tally.seconds.toFixed(0)} s, ${findings.length} findings`
      : `${kind.name}: not tried, ${tally.skipped}`,
  );
}

function lost({ lost, index }: Lost): Finding {
  return { what: lost, example: `case ${index} of the batch` };
}

/** Cases of all parts. */
export function total({ cases }: Tally): number {
  return [...cases.values()].reduce((sum, count) => sum + count, 0);
}
