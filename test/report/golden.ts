// Checked-in files that figures must reproduce to the byte. UPDATE_GOLDEN=1 writes them anew: look at the difference.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { assert } from "../support/suite.ts";

const folder = new URL("golden/", import.meta.url);

/** Compares `text` with the golden file of this name. */
export function matchesGolden(name: string, text: string): void {
  const file = new URL(name, folder);
  if (process.env["UPDATE_GOLDEN"]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  assert.fixture(text, readFileSync(file, "utf8"), `${name} changed; UPDATE_GOLDEN=1 rewrites it`);
}
