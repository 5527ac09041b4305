// moiety run does not write over what lies in a folder.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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

test.run();
