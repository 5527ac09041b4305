// The campaign over planted faults: each is found, shrunk, named by the seed that repeats it, and none hides another.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../support/suite.ts";

const test = suite("campaign");
const main = fileURLToPath(new URL("main.ts", import.meta.url));

function campaign(...args: readonly string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, ...args], {
    encoding: "utf8",
  });
  return { code: status, said: stdout + stderr };
}

test("wrong, greedy, dead and hanging parts are findings with the seed that repeats them", () => {
  const { code, said } = campaign("--only", "planted", "--runs", "1", "--seed", "3");
  assert.is(code, 1, said);
  const shrunk =
    /FINDING {2}planted\/unclean: ended in an error that does not say where, TypeError.*\n {2}smallest case: 101\n/;
  assert.match(said, shrunk);
  assert.match(said, /FINDING {2}planted\/greedy: allocated \d+ bytes for an input of 4\n {2}smallest case: \d+\n/);
  assert.match(
    said,
    /FINDING {2}planted\/crash: the process ended, exit code 3.*\n {2}smallest case: case \d+ of the batch/,
  );
  assert.match(said, /FINDING {2}planted\/hang: no end within 6 s/);
  assert.match(said, /again: npm run test:campaign -- --only "planted\/hang" --seed 3 --runs 1/);
  assert.match(said, /planted: right 1,000, /);
  assert.match(said, /\n4 findings\n$/);
});

test("without a finding the exit code is 0", () => {
  const { code, said } = campaign("--only", "planted/right", "--runs", "2", "--seed", "5");
  assert.is(code, 0, said);
  assert.match(said, /planted +2,000 +numbers/);
  assert.match(said, /\n0 findings\n$/);
});

test("what cannot be tried is said in one line", () => {
  const { code, said } = campaign("--only", "nothing", "--minutes", "1");
  assert.is(code, 2);
  assert.match(said, /^campaign: --only nothing, expected one of readers, .*\n$/);
});

test.run();
