// moiety join: flags that promise something are checked before anything is loaded or asked.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety join");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));

const run = (...args: string[]): Promise<string> =>
  promisify(execFile)(process.execPath, [program, "join", "http://127.0.0.1:9", ...args]).then(
    ({ stdout }) => `0 ${stdout}`,
    // the last line: sources that are newer than what was built are compiled first
    ({ code, stderr }: { code: number; stderr: string }) => `${code} ${stderr.trim().split("\n").at(-1)!}`,
  );

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-join-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("privacy flags are checked at the start", () =>
  inFolder(async (folder) => {
    const out = `${folder}/client`;
    for (const [flags, message] of [
      [["--clip", "-1"], "2 moiety: privacy: clip, got -1, expected a finite norm above 0"],
      [["--clip", "abc"], "2 moiety: privacy: clip, got NaN, expected a finite norm above 0"],
      [["--clip", "Infinity", "--epsilon", "1"], "2 moiety: privacy: clip, got Infinity"],
      [["--clip", "1", "--epsilon", "-1"], "2 moiety: privacy: epsilon, got -1"],
      [["--clip", "1", "--epsilon", "1", "--delta", "2"], "2 moiety: privacy: delta, got 2"],
      [["--clip", "1", "--epsilon", "1", "--budget", "0"], "2 moiety: privacy: budget, got 0"],
      [["--clip", "1", "--budget", "3"], "2 moiety: --budget: it is spent by noise"],
      [["--epsilon", "1"], "2 moiety: --epsilon: noise is measured against the longest update"],
      [["--heartbeat", "5"], "2 moiety: --heartbeat: got 5 s, expected 10 to 1800"],
    ] as const) {
      const told = await run("--out", out, ...flags);
      assert.ok(told.startsWith(message), told);
      assert.not.ok(existsSync(out), "nothing has begun");
    }
  }));

test("an account that was kept is gone on with, or the client stays away", () =>
  inFolder(async (folder) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/privacy.json`, '{"rounds":3,"rho":0.1}');
    assert.match(await run("--out", folder), /3 answers were hidden by noise, and one without it would undo them/);
    assert.match(await run("--out", folder, "--clip", "1"), /give --clip and --epsilon/);
    writeFileSync(`${folder}/privacy.json`, '{"rounds":3,"rho":');
    const torn = await run("--out", folder, "--clip", "1", "--epsilon", "1");
    assert.match(torn, /^2 moiety: .*privacy.json: /);
  }));

test.run();
