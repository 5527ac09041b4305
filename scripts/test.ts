// The test suite: every test/**/*.test.ts that needs nothing from outside this repository, in two processes that take the next
// file when they are done with one. Files share a process, because starting one costs more than most files take.
//
//   node --import tsx scripts/test.ts [--seed N|random] [part of a path ...]
//
// Properties draw the same samples on every run, so that the same sources give the same answer; another seed, or none, looks further.
// The last line is `N passed, N failed` (and `, N skipped`); the exit code is 1 if anything failed.
import { type ChildProcess, fork } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import fc from "fast-check";

const root = fileURLToPath(new URL("..", import.meta.url));
const self = fileURLToPath(import.meta.url);

// these have commands of their own: they need a real federation, a browser or another runtime
const elsewhere = /^test\/(flower\/real|platform\/)/;

// far beyond what any file takes, even on a busy machine: a file that hangs must not hang the suite
const LIMIT_SECONDS = 600;

/** What became of one file. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly errors: string;
  /** The process ended with it. */
  readonly died?: boolean;
}

/** What uvu queues for each suite of a file: errors (true if none), passed, skipped, total. */
type Run = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

/** uvu runs a file by itself unless told to defer; then it leaves the runs in this queue (see uvu/run). */
interface Deferred {
  UVU_DEFER?: number;
  UVU_INDEX?: number;
  UVU_QUEUE?: Run[][];
}

async function runFile(file: string): Promise<Outcome> {
  const deferred = globalThis as Deferred;
  const queue: Run[] = [];
  deferred.UVU_DEFER = 1;
  deferred.UVU_INDEX = 0;
  // uvu holds on to the array, not to the property
  (deferred.UVU_QUEUE ??= [])[0] = queue;
  let [passed, failed, skipped, errors] = [0, 0, 0, ""];
  try {
    await import(pathToFileURL(root + file).href);
    if (queue.length === 0) throw new Error("no suite was run; does the file end with test.run()?");
    for (const run of queue) {
      const [found, ran, passedOver, total] = await run();
      passed += ran;
      skipped += passedOver;
      failed += total - ran;
      if (typeof found === "string") errors += found;
      else if (ran < total) errors += `  ${total - ran} tests did not run: a hook of the suite threw\n`;
    }
  } catch (error) {
    failed++;
    errors += `  ${error instanceof Error ? error.stack : error}\n`;
  }
  return { passed, failed, skipped, errors };
}

function serve(seed: string): void {
  // the error that a sample ended with belongs to what is printed of it
  fc.configureGlobal({ includeErrorInReport: true, ...(seed === "random" ? {} : { seed: Number(seed) }) });
  // at once: a test may have left a timer or a socket open
  process.on("disconnect", () => process.exit());
  process.on("message", (file: string) => void runFile(file).then((outcome) => process.send!(outcome)));
}

/** Runs files one after another in a process of their own, and in a new one after a crash. */
async function work(
  seed: string,
  next: () => string | undefined,
  report: (file: string, outcome: Outcome, seconds: number) => void,
): Promise<void> {
  let child: ChildProcess | undefined;
  for (let file = next(); file !== undefined; file = next()) {
    child ??= start(seed);
    const began = performance.now();
    const outcome = await ask(child, file);
    report(file, outcome, (performance.now() - began) / 1000);
    if (outcome.died) child = undefined;
  }
  child?.disconnect();
}

function start(seed: string): ChildProcess {
  const execArgv = ["--expose-gc", "--import", "tsx"];
  return fork(self, ["serve", seed], { cwd: root, execArgv, stdio: ["ignore", "pipe", "pipe", "ipc"] });
}

function ask(child: ChildProcess, file: string): Promise<Outcome> {
  return new Promise((resolve) => {
    let printed = "";
    const hear = (text: Buffer): void => void (printed = (printed + text.toString()).slice(-4000));
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_SECONDS * 1000);
    const end = (outcome: Outcome): void => {
      clearTimeout(limit);
      child.stdout!.off("data", hear);
      child.stderr!.off("data", hear);
      child.off("message", end);
      child.off("exit", died);
      resolve(outcome);
    };
    const died = (code: number | null, signal: string | null): void => {
      const errors = `  the process ended (${signal ?? `exit code ${code}`}) while it ran this file\n${printed}\n`;
      end({ passed: 0, failed: 1, skipped: 0, errors, died: true });
    };
    child.stdout!.on("data", hear);
    child.stderr!.on("data", hear);
    child.on("message", end);
    child.on("exit", died);
    child.send(file);
  });
}

/** All test files of the suite whose path has one of `parts` in it, large ones first, so that none is left over at the end. */
function testFiles(parts: readonly string[]): string[] {
  return (readdirSync(`${root}test`, { recursive: true }) as string[])
    .map((name) => `test/${name.replaceAll(sep, "/")}`)
    .filter(
      (file) =>
        file.endsWith(".test.ts") &&
        !elsewhere.test(file) &&
        (parts.length === 0 || parts.some((part) => file.includes(part))),
    )
    .map((file) => ({ file, size: statSync(root + file).size }))
    .toSorted((a, b) => b.size - a.size)
    .map(({ file }) => file);
}

async function main(seed: string, parts: readonly string[]): Promise<void> {
  const files = testFiles(parts);
  const waiting = [...files];
  const bad: string[] = [];
  let [passed, failed, skipped] = [0, 0, 0];
  const began = performance.now();
  const report = (file: string, outcome: Outcome, seconds: number): void => {
    passed += outcome.passed;
    failed += outcome.failed;
    skipped += outcome.skipped;
    if (outcome.failed > 0) bad.push(`${file}\n\n${outcome.errors}`);
    console.log(`${outcome.failed > 0 ? "FAIL" : "  ok"}  ${file} (${outcome.passed} in ${seconds.toFixed(1)} s)`);
  };
  const width = Math.min(availableParallelism(), 2, files.length);
  await Promise.all(Array.from({ length: width }, () => work(seed, () => waiting.shift(), report)));
  for (const text of bad) console.log(`\n${text}`);
  console.log(`\n${files.length} files in ${((performance.now() - began) / 1000).toFixed(1)} s, seed ${seed}`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function read(): { seed: string; parts: string[] } {
  const { values, positionals } = parseArgs({ options: { seed: { type: "string", default: "2056" } }, allowPositionals: true }); // prettier-ignore
  const { seed } = values;
  // as fast-check has them
  if (seed !== "random" && !(/^-?\d+$/.test(seed) && Object.is(Number(seed) | 0, Number(seed)))) {
    console.error(`test: --seed is ${seed}, expected a whole number of 32 bits, or random`);
    process.exit(2);
  }
  return { seed, parts: positionals };
}

if (process.argv[2] === "serve" && process.send) serve(process.argv[3]!);
else {
  const { seed, parts } = read();
  await main(seed, parts);
}
