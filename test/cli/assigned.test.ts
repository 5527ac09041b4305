// `key=value`, as the flags of three commands take it.
import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";
import { runCommand } from "../../src/cli/commands/run.ts";
import { sweepCommand } from "../../src/cli/commands/sweep.ts";
import { verticalCommand } from "../../src/cli/commands/vertical.ts";
import { assigned } from "../../src/cli/configOf.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const quarters = fileURLToPath(new URL("../../examples/vertical/quarters.json", import.meta.url));

test("the first = divides, and what stands behind it may be anything", () => {
  assert.equal(assigned("--set", "a.b=1"), ["a.b", "1"]);
  assert.equal(assigned("--set", "model=./x.js?y=2"), ["model", "./x.js?y=2"]);
  assert.equal(assigned("--set", "a="), ["a", ""]);
});

test("what has no key or no = is refused in the flag's words", () => {
  for (const text of ["a", "=1", ""]) refuses(() => assigned("--set", text), `--set: got ${text}, expected key=value`);
  refuses(() => assigned("--vary", "p", "key=value,..."), "--vary: got p, expected key=value,...");
});

const set = /^--set: got p, expected key=value$/;
const cases: readonly (readonly [command: unknown, args: object, error: RegExp])[] = [
  [runCommand, { experiment: "quick", set: ["p"] }, set],
  [sweepCommand, { experiment: "quick", set: ["p"] }, set],
  [sweepCommand, { experiment: "quick", vary: ["p"] }, /^--vary: got p, expected key=value,value,\.\.\.$/],
  [verticalCommand, { config: quarters, set: ["p"] }, set],
];
for (const [command, args, error] of cases) {
  const { command: words, handler } = command as CommandModule;
  test(`moiety ${String(words)} refuses ${JSON.stringify(args)}`, () =>
    refusesLater(async () => handler({ _: [], $0: "moiety", workers: 1, ...args }), error));
}

test.run();
