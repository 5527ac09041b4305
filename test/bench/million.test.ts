// A crowd of simulated clients as the bench runs it, a small one, and what it says of words that it does not know.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, test } from "../support/suite.ts";

const million = fileURLToPath(new URL("../../bench/million.ts", import.meta.url));

function bench(...words: readonly string[]): { code: number | null; said: string; complained: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", million, ...words], {
    encoding: "utf8",
  });
  return { code: status, said: stdout, complained: stderr };
}

test("clients are trained, what they keep is spilled, and it is told what that took", () => {
  if (process.platform !== "linux") return console.log("skipped: what a process uses is told by Linux alone");
  // a number of clients that nobody measures, so that nothing of theirs goes
  const { code, said, complained } = bench("--clients", "37", "--rounds", "3", "--method", "ditto", "--state-bytes", "0"); // prettier-ignore
  rmSync(new URL("../../build/million-37", import.meta.url), { recursive: true, force: true });
  assert.is(code, 0, complained);
  assert.match(said, /\n37 clients, ditto, 3 rounds of 37, 2 workers\n/);
  const [setUp, processor, round, each, memory, files] = [
    /set-up +([\d.]+) s, ([\d.]+) s on processors\n/,
    /s, ([\d.]+) s on processors\n/,
    /a round, median +([\d.]+) s\n/,
    /a client-round +([\d.]+) ms on processors\n/,
    /most memory +(\d+) MiB\n/,
    /files for states +(\d+), [\d.]+ MiB\n/,
  ].map((line) => Number(line.exec(said)?.[1]));
  // no process of Node has less, and no machine here is slower
  for (const [found, least, most] of [
    [setUp, 0.05, 300],
    [processor, 0.05, 300],
    [round, 1e-3, 60],
    [each, 0, 1e4],
    [memory, 30, 4096],
    [files, 1, 1000],
  ] as const)
    // prettier-ignore
    assert.ok(found! >= least && found! <= most, said);
});

test("its help teaches, and what cannot be is refused in one line before it", () => {
  const { code, said } = bench("--help");
  assert.is(code, 0);
  assert.match(said, /--state-bytes <n>.*\n[^]*example\n {2}npm run bench:million -- /);
  for (const [words, line] of [
    [["--clients", "9", "--rounds", "1"], /^bench:million: --rounds, got 1, expected a whole number from 2/],
    [["--cohort", "3"], /^bench:million: Unknown option '--cohort'/],
  ] as const) {
    const { code, complained } = bench(...words);
    assert.is(code, 2);
    assert.match(complained, line);
  }
  const unknown = bench("--clients", "10", "--method", "dito");
  assert.is(unknown.code, 1);
  assert.match(unknown.complained, /^bench:million: config: methods: got .*expected one of /);
});

test.run();
