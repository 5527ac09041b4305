// moiety run does not write over what lies in a folder, goes on with what it began, and says so in one line when it cannot.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { quoted } from "../../src/cli/invocation.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety run");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const execute = promisify(execFile);

for (const [state, files, message] of [
  ["begun", ["config.json", "checkpoint.safetensors"], /holds a run that was begun; go on with .* run --resume /],
  ["finished", ["config.json", "summary.json"], /holds a finished run; choose another folder/],
] as const)
  test(`a folder with a run that was ${state} is left as it is`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-run-"));
    try {
      for (const name of files) writeFileSync(join(folder, name), "{}");
      const told = await execute(process.execPath, [program, "run", "quick", "--rounds", "1", "--out", folder]).then(
        ({ stdout }) => stdout,
        ({ stderr }: { stderr: string }) => stderr,
      );
      assert.match(told, message);
      assert.equal(readdirSync(folder).toSorted(), files.toSorted());
      for (const name of files) assert.is(readFileSync(join(folder, name), "utf8"), "{}");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

const config = {
  preset: "quick",
  clients: 4,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 40, cohort: 2, validateEvery: 1, patience: 100, validationClients: 2 },
  personal: { clients: 3, epochs: 2 },
  checkpointEvery: 1,
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function inFolder(work: (folder: string, moiety: (...args: string[]) => Promise<Ended>) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "moiety run's-"));
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const moiety = (...args: string[]): Promise<Ended> =>
    execute(process.execPath, [program, ...args], { cwd: folder }).then(
      (told) => ({ code: 0, ...told }),
      (error: Ended) => error,
    );
  try {
    await work(folder, moiety);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a run goes on with its own config or not at all, and a run that goes on is not picked", () =>
  inFolder(async (folder, moiety) => {
    const child = spawn(process.execPath, [program, "run", "config.json"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    child.stdout!.on("data", (text) => (told += String(text)));
    while (!told.includes("round ")) await once(child.stdout!, "data");
    const [name] = readdirSync(join(folder, "runs"));
    const run = `runs/${name}`;
    assert.match((await moiety("run", "--resume")).stderr, "no unfinished run under runs/ but 1 that goes on now");
    assert.match(
      (await moiety("run", "--resume", run)).stderr,
      `${run}: is in use, got a run of process ${child.pid} on `,
    );
    child.kill("SIGKILL");
    await once(child, "exit");

    for (const beside of [["quick"], ["--gate", "held-out"]]) {
      const { code, stderr } = await moiety("run", "--resume", run, ...beside);
      assert.is(code, 2, stderr);
      assert.match(stderr, /--resume: got .* beside it|mutually exclusive/, beside.join(" "));
    }
    assert.match((await moiety("run", "config.json", "--resume")).stderr, "--resume: got config.json beside it");
    assert.match((await moiety("run", "--resume", "nowhere")).stderr, "--resume: nowhere holds no run");
    const { code, stdout, stderr } = await moiety("run", "--resume", "--workers", "100");
    assert.is(code, 0, stderr);
    assert.match(stdout, "going on from ");
    const { runtime } = JSON.parse(readFileSync(join(folder, run, "summary.json"), "utf8")) as { runtime: string };
    // of 4 clients never more than 3 have something to do
    assert.match(runtime, / 3 workers$/);
  }));

test("a folder that is removed while its run goes on ends it with a word", () =>
  inFolder(async (folder, moiety) => {
    const ended = moiety(
      "run",
      "config.json",
      "--out",
      "gone",
      "--rounds",
      "4000",
      "--set",
      "federation.patience=9999",
    );
    while (!existsSync(join(folder, "gone/checkpoint.safetensors"))) await wait(50);
    rmSync(join(folder, "gone"), { recursive: true, force: true });
    const { code, stderr } = await ended;
    assert.is(code, 1);
    assert.match(stderr, /gone: is gone, removed or moved|cannot write .*gone.* \(ENOENT\), its folder is gone/);
    assert.not.match(stderr, /^ +at /m);
    assert.not(existsSync(join(folder, "gone/summary.json")));
  }));

test("what is printed can be pasted, whatever a folder is called", () =>
  inFolder(async (_, moiety) => {
    const stopped = await moiety("run", "config.json", "--rounds", "1", "--out", "my 'own' $run");
    const path = /^report +(.*)$/m.exec(stopped.stdout)![1]!;
    assert.is(path, `'my '\\''own'\\'' $run/report.html'`);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0")),
        async (text) => {
          assert.is((await execute("sh", ["-c", `printf %s ${quoted(text)}`])).stdout, text);
        },
      ),
      { numRuns: 30 },
    );
  }));

test.run();
