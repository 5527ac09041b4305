// A sweep whose process is killed again and again, at instants that nobody chose, leaves the bytes of one that never was.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../support/suite.ts";

const test = suite("a killed sweep");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const KILLS = 10;
const names = ["p0.2-seed1", "p0.2-seed2", "p1-seed1", "p1-seed2"];

const config = {
  preset: "quick",
  clients: 4,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 12, cohort: 2, validateEvery: 3 },
  personal: { clients: 3, epochs: 6 },
  checkpointEvery: 2,
};

function start(folder: string, out: string): ChildProcess {
  const args = ["sweep", join(folder, "config.json"), "--vary", "p=0.2,1.0", "--seeds", "2", "--workers", "2"];
  return spawn(process.execPath, [program, ...args, "--out", join(folder, out)], { stdio: "ignore" });
}

/** Runs a sweep to its end, or kills it after some milliseconds. Returns whether it ended by itself. */
async function run(folder: string, out: string, killAfter?: number): Promise<boolean> {
  const child = start(folder, out);
  const gone = once(child, "exit");
  if (killAfter !== undefined) {
    await Promise.race([wait(killAfter), gone]);
    child.kill("SIGKILL");
  }
  const [code] = (await gone) as [number | null];
  if (code !== null) assert.is(code, 0, "the sweep ends well when it ends");
  return code !== null;
}

function records(folder: string, out: string): Record<string, string> {
  const files = names.flatMap((name) =>
    ["summary.json", "clients.csv", "config.json"].map((file) => `${name}/${file}`),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, out, file), "utf8")]));
}

test("ten kills at random instants change no byte of what a sweep finds", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-killed-"));
  try {
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    assert.ok(await run(folder, "whole"));
    const wanted = records(folder, "whole");
    const instants: number[] = [];
    // a sweep that is done before it is killed makes room for another
    for (let sweep = 0; instants.length < KILLS; sweep++) {
      const out = `killed${sweep}`;
      let over = false;
      while (!over && instants.length < KILLS) {
        const instant = Math.round(200 + 900 * Math.random());
        over = await run(folder, out, instant);
        if (!over) instants.push(instant);
      }
      if (!over) await run(folder, out);
      assert.equal(records(folder, out), wanted, `killed after ${instants.join(", ")} ms`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
