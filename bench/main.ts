// npm run bench -- <suite>... : measures moiety, and with --peers what people would take instead, on this machine.
import { parseArgs } from "node:util";
import { standings, standingTable } from "./bars.ts";
import { checkout, compare, type Comparison } from "./compare.ts";
import { write, writeChart, writeSuite } from "./document.ts";
import type { Line } from "./line.ts";
import { machine, machineLine } from "./machine.ts";
import { measure } from "./measure.ts";
import { contenders, versions } from "./peers.ts";
import type { RaceOptions } from "./race.ts";
import type { Suite } from "./suite.ts";
import { suites } from "./suites/index.ts";
import { textLine } from "./table.ts";

const usage = `npm run bench -- <suite>... [options]

suites
${suites.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n")}
  all       every one of them

options
  --json            a JSON line per measurement on stdout, everything else on stderr
  --write           put the tables into docs/performance.md
  --chart           draw the chart of docs/performance.md again from the lines that are kept, and measure nothing
  --peers           the peers as well; the first time installs them into bench/peers
  --build <name>    other kernels: relaxed, wide (plain)
  --beside <name>   a second build of the kernels to measure beside it
  --bare            the kernel calls of every case alone as well: what the layer above them costs
  --compare <ref>   this checkout against another commit, interleaved; exit code 1 if it is slower beyond noise
  --filter <text>   only cases whose name contains it
  --rounds <n>      turns of every runner on every case (12)
  --help            this text`;

function complain(message: string): never {
  console.error(`bench: ${message}\n\n${usage}`);
  process.exit(2);
}

function parse(): { flags: ReturnType<typeof parseFlags>["values"]; wanted: readonly Suite[] } {
  const { values, positionals } = parseFlags();
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const known = new Set(["all", ...suites.map(({ name }) => name)]);
  for (const name of positionals) if (!known.has(name)) complain(`no suite ${name}`);
  if (positionals.length === 0 && !values.chart) complain("name at least one suite");
  return {
    flags: values,
    wanted: suites.filter(({ name }) => positionals.includes(name) || positionals.includes("all")),
  };
}

function parseFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        chart: { type: "boolean", default: false },
        peers: { type: "boolean", default: false },
        bare: { type: "boolean", default: false },
        build: { type: "string", default: "plain" },
        beside: { type: "string" },
        compare: { type: "string" },
        filter: { type: "string", default: "" },
        rounds: { type: "string", default: "12" },
      },
    });
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error));
  }
}

const { flags, wanted } = parse();
const rounds = Number(flags.rounds);
if (!(Number.isInteger(rounds) && rounds > 0)) complain(`--rounds ${flags.rounds}, expected a whole number from 1`);
const turns: RaceOptions = { rounds, milliseconds: 12, seconds: 15 };
const only = (name: string): boolean => name.includes(flags.filter);
if (flags.write && flags.filter) complain("--write takes whole suites, not --filter");
console.error(machineLine(machine()));

async function runSuites(): Promise<void> {
  // suites that find their lines themselves have peers of their own, or none
  const timed = flags.peers && wanted.some(({ measure: finds }) => !finds);
  const peers = timed ? contenders(console.error) : [];
  if (timed) console.error(versions());
  if (flags.write && timed) write("peers", versions());
  const options = {
    ...turns,
    peers,
    raced: flags.peers,
    only,
    bare: flags.bare,
    build: flags.build,
    beside: flags.beside,
  };
  const all: Line[] = [];
  try {
    for (const suite of wanted) {
      const at = machineLine(machine());
      const lines: Line[] = [];
      if (!flags.json) console.log(`\n${suite.name}: ${suite.about}\n`);
      for await (const line of measure(suite, options)) {
        lines.push(line);
        console.log(flags.json ? JSON.stringify(line) : textLine(line));
      }
      if (flags.write) await writeSuite(lines, at);
      all.push(...lines);
    }
    const found = standings(all);
    if (!flags.json && found.length > 0) console.log(`\n${standingTable(found)}`);
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}

function comparisonLine({ name, low, middle, high, verdict, error }: Comparison): string {
  const change = error ?? `${middle.toFixed(3)}x the time (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `${name.padEnd(42)} ${verdict.padEnd(7)} ${change}`;
}

async function compareSuites(ref: string): Promise<void> {
  const other = await checkout(ref);
  let slower = 0;
  try {
    for (const suite of wanted)
      for await (const comparison of compare(suite, other, only, { ...turns, rounds: Math.max(rounds, 16) })) {
        if (comparison.verdict === "slower") slower++;
        console.log(flags.json ? JSON.stringify(comparison) : comparisonLine(comparison));
      }
  } finally {
    other.remove();
  }
  if (slower > 0) {
    console.error(`bench: ${slower} cases are slower than ${ref} beyond noise`);
    process.exitCode = 1;
  }
}

try {
  if (flags.chart) await writeChart();
  else if (flags.compare === undefined) await runSuites();
  else await compareSuites(flags.compare);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
