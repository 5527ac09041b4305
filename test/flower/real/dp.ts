// The server's strategies in Flower's own Python, without a SuperLink: bad replies, the bound that noise is made for, and first
// weights that no node decides alone.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { suite, assert } from "../../support/suite.ts";
import { flowerEnvironment, project } from "../support/python.ts";

export const dp: ReturnType<typeof suite> = suite("real flower, the server's bounds");

/** What a script of this folder has checked, a line each; an error where one does not hold. */
function checked(script: string): string[] {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr } = spawnSync(`${environment.bin}/python`, [path], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: project, FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1" },
    timeout: 120_000,
  });
  const lines = stdout.trim().split("\n");
  assert.is(status, 0, `${lines.filter((line) => line.startsWith("FAIL")).join("\n")}\n${stderr.slice(-2000)}`);
  return lines;
}

dp("a bad reply costs itself, one client moves the average by clip / n, and the noise is made for that", () => {
  const lines = checked("dp.py");
  console.log(`${lines.length} checks; ${lines.find((line) => line.includes("largest seen"))}`);
  assert.ok(lines.length > 60);
});

dp("a federation starts from what most nodes offer, whatever fewer than half of them say", () => {
  const lines = checked("start.py");
  console.log(`${lines.length} checks`);
  assert.ok(lines.length > 50);
});
