// A slice of the mutants in the suite: one method's, against the tests that catch them in no time.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../support/suite.ts";
import { Lane } from "./lane.ts";
import { load, ruleFiles, testFiles } from "./load.ts";
import { listed } from "./trials.ts";

const test = suite("mutants");
const main = fileURLToPath(new URL("main.ts", import.meta.url));

function mutants(...args: readonly string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, "--lanes", "1", ...args], {
    encoding: "utf8",
  });
  return { code: status, said: stdout + stderr };
}

test("servers that step are held to their rule, and a rule that no test knows is not", () => {
  const held = mutants("--only", "serverSteps", "--tests", "golden/rounds");
  assert.match(held.said, /caught {3}serverSteps\.ts:\d+ .* by: servers that step, round by round\n/);
  assert.match(held.said, /\n(\d+) of \1 mutants caught, 100\.0 %\n$/);
  assert.is(held.code, 0, held.said);
  // of these a test of something else sees nothing
  const loose = mutants("--only", "serverSteps", "--tests", "golden/features");
  assert.match(loose.said, /SURVIVED serverSteps\.ts:\d+ {2}.+ {2}-> {2}.+\n/);
  assert.match(loose.said, /\n0 of \d+ mutants caught, 0\.0 %\n$/);
  assert.is(loose.code, 1);
});

test("every mutant that is listed as equivalent is one of today's sources", async () => {
  const { mutants } = await load(await ruleFiles(), []);
  assert.ok((await listed(mutants)).size > 0);
});

test("tests find the files beside them, though they are tried from elsewhere", async () => {
  const { module } = await load([], await testFiles(["privacy/accountant"]));
  const lane = new Lane(module);
  try {
    assert.ok((await lane.tests()).length > 0);
  } finally {
    lane.close();
  }
});

test("what cannot be tried is said in one line", () => {
  const { code, said } = mutants("--only", "nothing");
  assert.is(code, 2);
  assert.match(said, /^mutants: --only, got nothing, expected a method as moiety methods lists it, .*\n$/);
});

test.run();
