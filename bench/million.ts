// npm run bench:million -- [options]: as many simulated clients as one likes, by `moiety run` in a process of its own.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseMetric } from "../src/experiment/recordSchema.ts";
import { parseJsonLines } from "../src/io/jsonl.ts";
import { crowdConfig, writeCrowd } from "./crowdFiles.ts";
import { machine, machineLine } from "./machine.ts";
import { median } from "./statistics.ts";
import { type Usage, watched } from "./watched.ts";

const WORKERS = 2;
const MOST = 10_000_000;

const usage = `npm run bench:million -- [options]

Makes rows for simulated clients, two of eight numbers each, trains a tiny network on 1,000 of them a round by \`moiety run\` with
${WORKERS} workers, and prints what set-up and rounds took, and the most memory. The first quarter of the rounds warms up and does not
count. Files are written to build/million-CLIENTS, 64 bytes a client. Needs Linux, which says what a process uses.

options
  --clients <n>        how many there are, up to ${MOST.toLocaleString("en")} (1,000,000)
  --rounds <n>         from 2 (20)
  --method <name>      a federated method, as moiety methods lists it (FedAvg, of which clients keep nothing)
  --state-bytes <n>    what clients keep may take so much memory, the rest lies in files (moiety run's 256 MiB)
  --help               this text

example
  npm run bench:million -- --clients 100000 --method ditto --state-bytes 1048576`;

const root = fileURLToPath(new URL("..", import.meta.url));

function complain(message: string): never {
  console.error(`bench:million: ${message}\n\n${usage}`);
  process.exit(2);
}

function flags(): Readonly<Record<"clients" | "rounds" | "state-bytes" | "method", string | undefined>> {
  try {
    const { values } = parseArgs({
      options: {
        clients: { type: "string" },
        rounds: { type: "string" },
        method: { type: "string" },
        "state-bytes": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    return { clients: undefined, rounds: undefined, method: undefined, "state-bytes": undefined, ...values };
  } catch (error) {
    return complain((error as Error).message);
  }
}

function whole(flag: string, text: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    complain(`--${flag}, got ${text || "nothing"}, expected a whole number from ${least} to ${most}`);
  return value;
}

/** Files below a folder and their bytes; a run removes some meanwhile. */
function filesIn(folder: string): { count: number; bytes: number } {
  const names = existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : [];
  const found = names.map((name) => statSync(join(folder, name), { throwIfNoEntry: false }));
  const files = found.filter((stats) => stats?.isFile());
  return { count: files.length, bytes: files.reduce((sum, stats) => sum + stats!.size, 0) };
}

interface Measured {
  readonly setUp: Usage;
  /** Seconds of each round that counts. */
  readonly rounds: readonly number[];
  /** On processors, of the rounds that count. */
  readonly processorSeconds: number;
  readonly memory: number;
  readonly kept: { readonly count: number; readonly bytes: number };
}

/** Runs a config whose rounds after the first `warm` count. */
async function measure(config: string, warm: number, out: string, more: readonly string[]): Promise<Measured> {
  const metrics = join(out, "metrics.jsonl");
  const phases: Usage[] = [];
  // when rounds were written down: those that warm up, and then the others
  const written: Usage[] = [];
  let size = 0;
  let kept = { count: 0, bytes: 0 };
  let looked = 0;
  const memory = await watched(
    ["dist/cli/main.js", "run", config, "--out", out, "--workers", String(WORKERS), ...more],
    {
      onLine: (line, used) => {
        console.error(line);
        if (/federation: \d+ rounds at most/.test(line)) phases.push(used);
      },
      onTick: (used) => {
        const now = statSync(metrics, { throwIfNoEntry: false })?.size ?? 0;
        if (now > size) {
          written.push(used);
          size = now;
        }
        // some hundreds of them are not looked at for nothing
        if (used.seconds - looked < 0.2) return;
        looked = used.seconds;
        const files = filesIn(join(out, "states"));
        if (files.bytes >= kept.bytes) kept = files;
      },
    },
  );
  const rounds = parseJsonLines(readFileSync(metrics, "utf8")).rows.flatMap((row) => {
    const metric = parseMetric(row, metrics);
    return metric.kind === "round" ? [metric.seconds] : [];
  });
  const [setUp, from, to] = [phases[0], written[0], written.at(-1)];
  if (!setUp || !from || !to) throw new Error("moiety run: got no rounds to look at, expected some");
  const processorSeconds = to.processorSeconds - from.processorSeconds;
  return { setUp, rounds: rounds.slice(warm), processorSeconds, memory, kept };
}

const given = flags();
const clients = whole("clients", given.clients ?? "1000000", 1, MOST);
const rounds = whole("rounds", given.rounds ?? "20", 2);
const stateBytes = given["state-bytes"];
if (stateBytes !== undefined) whole("state-bytes", stateBytes, 0);
if (process.platform !== "linux")
  complain(`got ${process.platform}, expected linux: what a process uses is read off /proc`);
const warm = Math.ceil(rounds / 4);

try {
  const config = crowdConfig({ clients, rounds, checkpointEvery: warm, method: given.method });
  process.chdir(root);
  const folder = `build/million-${clients}`;
  const out = join(folder, "run");
  rmSync(out, { recursive: true, force: true });
  const path = writeCrowd(folder, config);
  // what is measured is built and no longer looks whether it must be
  const { status } = spawnSync(process.execPath, ["scripts/moiety.mjs", "--version"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`moiety --version: ended with ${status}`);
  const more = stateBytes === undefined ? [] : ["--state-bytes", stateBytes];
  const found = await measure(path, warm, out, more);
  const each = (1000 * found.processorSeconds) / (found.rounds.length * config.federation.cohort);
  const { count, bytes } = found.kept;
  const mebibytes = (of: number): string => `${(of / 2 ** 20).toFixed(of < 2 ** 23 ? 1 : 0)} MiB`;
  console.log(`
${clients.toLocaleString("en")} clients, ${given.method ?? "FedAvg"}, ${rounds} rounds of ${config.federation.cohort}, ${WORKERS} workers

set-up             ${found.setUp.seconds.toFixed(1)} s, ${found.setUp.processorSeconds.toFixed(1)} s on processors
a round, median    ${median(found.rounds).toFixed(3)} s
a client-round     ${each.toFixed(3)} ms on processors
most memory        ${mebibytes(found.memory)}
files for states   ${count}${count > 0 ? `, ${mebibytes(bytes)}` : ""}

${machineLine(machine())}`);
} catch (error) {
  console.error(`bench:million: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
