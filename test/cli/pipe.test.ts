// Output into a pipe that closes, as `| head -1` does: the run ends without a word, and can be gone on with.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("a closed pipe");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));

const config = {
  preset: "quick",
  clients: 4,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 60, cohort: 2, validateEvery: 1, patience: 100, validationClients: 2 },
  personal: { clients: 2, epochs: 2 },
};

for (const command of [["run"], ["sweep", "--seeds", "2"]])
  test(`${command[0]} ends quietly, and goes on when it is asked to`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-pipe-"));
    try {
      writeFileSync(join(folder, "config.json"), JSON.stringify(config));
      const [name, ...flags] = command as [string, ...string[]];
      const args = [program, name, "config.json", ...flags, "--out", "o"];
      const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      let told = "";
      child.stderr.on("data", (text) => (told += String(text)));
      await once(child.stdout, "data");
      child.stdout.destroy();
      const [code] = (await once(child, "exit")) as [number];
      assert.is(code, 141);
      assert.not.match(told, /EPIPE|^ +at |stop/m);
      assert.not(existsSync(join(folder, "o/run.lock")));
      const again = name === "run" ? [program, "run", "--resume", "o"] : args;
      await promisify(execFile)(process.execPath, again, { cwd: folder });
      assert.ok(existsSync(join(folder, name === "run" ? "o/summary.json" : "o/seed2/summary.json")));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

test.run();
