// The report of a sweep by its folder, as moiety report gives it.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety report");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const execute = promisify(execFile);

const config = {
  preset: "quick",
  clients: 3,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 2, cohort: 2 },
  personal: { clients: 2, epochs: 2 },
};

async function moiety(...args: readonly string[]): Promise<string> {
  return (await execute(process.execPath, [program, ...args])).stdout;
}

test("a sweep's folder stands for those of its runs that are done", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-report-"));
  const sweep = join(folder, "sweep");
  try {
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const told = await moiety(
      "sweep",
      join(folder, "config.json"),
      "--vary",
      "p=0.2,1",
      "--seeds",
      "2",
      "--out",
      sweep,
    );
    const table = told.slice(told.indexOf("setting"), told.indexOf("report "));
    assert.match(table, /p = 0\.2 +2 .*\np = 1 +2 /);
    rmSync(join(sweep, "report.html"));
    assert.ok((await moiety("report", sweep)).startsWith(table));
    assert.ok(existsSync(join(sweep, "report.html")));

    rmSync(join(sweep, "p1-seed2", "summary.json"));
    assert.match(await moiety("report", sweep), /^1 of 4 runs are not done yet\n[^]*p = 1 +1 /);

    for (const run of ["p0.2-seed1", "p0.2-seed2", "p1-seed1"]) rmSync(join(sweep, run, "summary.json"));
    const refused = await moiety("report", sweep).catch(({ stderr }: { stderr: string }) => stderr);
    assert.match(refused, /no run of .*sweep is done yet/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
