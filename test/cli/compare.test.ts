// moiety compare: a run for each method, options chosen by validation, and the same leaderboard from the folders that it left.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety compare");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));

const config = {
  preset: "quick",
  clients: 4,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 2, cohort: 2, validateEvery: 1, validationClients: 2, localEpochs: 1 },
  personal: { clients: 3, epochs: 2 },
};

async function inFolder(
  work: (folder: string, moiety: (line: string) => Promise<{ code: number; out: string }>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-compare-"));
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const moiety = (line: string): Promise<{ code: number; out: string }> =>
    promisify(execFile)(process.execPath, [program, ...line.split(/\s+/)], { cwd: folder }).then(
      ({ stdout }) => ({ code: 0, out: stdout }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, out: stdout + stderr }),
    );
  try {
    await work(folder, moiety);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// but for how long it took
const timeless = (text: string): string => text.replaceAll(/ +\d+\.\d+$/gm, "");

test("methods are compared apart, begun again where they are, and read from their folders to the same board", () =>
  inFolder(async (folder, moiety) => {
    const command =
      "compare config.json --method ditto,ditto+finetuned --vary ditto.lambda=0,1 --seeds 2 --workers 2 --out c";
    const told = await moiety(command);
    assert.is(told.code, 0, told.out);
    // local and fedavg once a seed, ditto with each lambda
    const runs = readdirSync(join(folder, "c")).filter((name) => /seed\d$/.test(name));
    assert.equal(runs.toSorted(), [
      "ditto-lambda0-seed1",
      "ditto-lambda0-seed2",
      "ditto-lambda1-seed1",
      "ditto-lambda1-seed2",
      "fedavg-seed1",
      "fedavg-seed2",
      "local-seed1",
      "local-seed2",
    ]);
    const board = told.out.slice(told.out.indexOf("all runs"));
    for (const name of ["Local", "FedAvg", "ditto", "ditto-shared", "Majority class"])
      assert.match(board, new RegExp(`^${name} `, "m"));
    assert.match(board, /^ditto +lambda=[01] \(of 2\) +2 /m);
    const page = readFileSync(join(folder, "c", "report.html"), "utf8");
    for (const words of ["Harmed", "Worst tenth", "Own, before a turn", "MB down", "best of 2 by validation"])
      assert.match(page, words);

    rmSync(join(folder, "c", "fedavg-seed2"), { recursive: true });
    const again = await moiety(command);
    assert.is(again.code, 0, again.out);
    assert.match(again.out, /7 are done already/);
    assert.is(
      timeless(again.out.slice(again.out.indexOf("all runs"), again.out.indexOf("report "))),
      timeless(board.slice(0, board.indexOf("report "))),
    );

    const read = await moiety("compare c --target 1");
    assert.is(read.code, 0, read.out);
    assert.is(
      timeless(read.out.slice(0, read.out.indexOf("report "))),
      timeless(board.slice(0, board.indexOf("report "))),
    );
    assert.ok(existsSync(join(folder, "compare.html")));
    assert.match(readFileSync(join(folder, "compare.html"), "utf8"), /The target is 1\.0 %/);
  }));

test("what cannot be compared is one line", () =>
  inFolder(async (_folder, moiety) => {
    for (const [line, message] of [
      ["compare", /got no method and no run, expected --method NAMES/],
      ["compare a b --method ditto", /got a b beside --method or --vary, expected one preset/],
      ["compare config.json --method nope", /got nope, expected one of/],
      ["compare config.json --method ditto --target 200", /--target: got 200, expected a percentage/],
      ["compare nowhere", /nowhere has no summary\.json/],
    ] as const) {
      const told = await moiety(line);
      assert.is(told.code, 2, told.out);
      assert.match(told.out, message);
    }
    const { out } = await moiety("compare --help");
    for (const words of ["--baselines", "--target", "chosen by validation", "ranks over heterogeneity"])
      assert.match(out, words);
  }));

test.run();
