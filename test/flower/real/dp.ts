// The server's strategies in Flower's own Python, without a SuperLink: bad replies, and the bound that noise is made for.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { suite, assert } from "../../support/suite.ts";
import { flowerEnvironment, project } from "../support/python.ts";

export const dp: ReturnType<typeof suite> = suite("real flower, the server's bounds");

dp("a bad reply costs itself, one client moves the average by clip / n, and the noise is made for that", () => {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  const script = fileURLToPath(new URL("dp.py", import.meta.url));
  const { status, stdout, stderr } = spawnSync(`${environment.bin}/python`, [script], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: project, FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1" },
    timeout: 120_000,
  });
  const lines = stdout.trim().split("\n");
  assert.is(status, 0, `${lines.filter((line) => line.startsWith("FAIL")).join("\n")}\n${stderr.slice(-2000)}`);
  console.log(`${lines.length} checks; ${lines.find((line) => line.includes("largest seen"))}`);
  assert.ok(lines.length > 60);
});
