// The campaign: trials that go on for as long as they are given, against what no list of examples holds. Kinds run in
// processes of their own, two at a time, so that a crash or a hang is a finding like any other.
//
//   npm run test:campaign -- [--minutes N | --runs N | --slice] [--seed S] [--only KIND[/PART]]
//
// --minutes N   wall time in all, 5 unless said; --slice is about a minute from seed 1, for the gate
// --runs N      batches of every part instead of a time
// --seed S      the first batch's seed, the next ones' are S+1, S+2 ...; a finding names the seed that repeats it
// --only K      kinds, or parts of them, that begin with K; may be said several times
//
// Ends with a table of counts by kind and `N findings`; the exit code is 1 if there are any. Ctrl-C prints what was done.
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Kind } from "./kind.ts";
import { kinds } from "./kinds.ts";
import { planted } from "./planted.ts";
import { serve } from "./process.ts";
import { type Plan, runKind, type Tally, tallyOf } from "./schedule.ts";
import { table } from "./table.ts";

/** Seconds of a slice, on two cores. */
const SLICE = 40;

function chosen(only: readonly string[]): Kind[] {
  if (only.length === 0) return [...kinds];
  const found = [...kinds, planted].flatMap((kind) => {
    const parts = kind.parts.filter(({ name }) => only.some((wanted) => `${kind.name}/${name}`.startsWith(wanted)));
    return parts.length > 0 ? [{ ...kind, parts }] : [];
  });
  if (found.length === 0)
    throw new RangeError(
      `campaign: --only ${only.join(", ")}, expected one of ${kinds.map(({ name }) => name).join(", ")}`,
    );
  return found;
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text === "" || !Number.isFinite(value) || value < 0)
    throw new RangeError(`campaign: --${flag}, got ${text}, expected a number from 0`);
  return value;
}

function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      runs: { type: "string" },
      seed: { type: "string" },
      only: { type: "string", multiple: true },
      slice: { type: "boolean" },
    },
  });
  const runs = numberOf("runs", values.runs);
  const seconds = values.slice ? SLICE : 60 * (numberOf("minutes", values.minutes) ?? 5);
  const seed = numberOf("seed", values.seed) ?? (values.slice ? 1 : randomInt(2 ** 31));
  return { kinds: chosen(values.only ?? []), seed, runs, seconds: runs === undefined ? seconds : Infinity };
}

async function main(args: readonly string[]): Promise<void> {
  const plan = planOf(args);
  const lanes = Math.min(2, availableParallelism());
  const { seed, runs, seconds } = plan;
  console.log(`campaign: seed ${seed}, ${runs === undefined ? `${seconds} s` : `${runs} batches of every part`}`);
  const tallies: Tally[] = plan.kinds.map(tallyOf);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  // long ones first, so that none is left over at the end
  const waiting = tallies.toSorted((a, b) => b.kind.share - a.kind.share);
  const shares = waiting.reduce((sum, { kind }) => sum + kind.share, 0);
  const lane = async (): Promise<void> => {
    for (let tally = waiting.shift(); tally; tally = waiting.shift()) {
      const budget = (tally.kind.share / shares) * seconds * Math.min(lanes, plan.kinds.length);
      await runKind(tally, { ...plan, seconds: budget }, stop.signal);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const findings = tallies.reduce((sum, tally) => sum + tally.findings.length, 0);
  console.log(`\n${table(tallies)}\n`);
  if (stop.signal.aborted) console.log("interrupted: the counts are of what was done");
  console.log(`${findings} finding${findings === 1 ? "" : "s"}`);
  process.exitCode = findings > 0 ? 1 : stop.signal.aborted ? 130 : 0;
}

if (process.argv[2] === "serve" && process.send) serve();
else
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
