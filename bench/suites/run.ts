// The seed's whole experiment in short form, as a user types it: federation, fine-tuning, local models, mixtures, their
// evaluation and the report, on one worker and on all.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Line } from "../line.ts";
import type { Summary } from "../../src/report/records.ts";
import type { Suite } from "../suite.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const short = ["--rounds", "20", "--set", "federation.patience=20", "personal.clients=10", "personal.epochs=20"];

function moiety(...args: string[]): void {
  execFileSync(process.execPath, ["scripts/moiety.mjs", ...args], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
}

async function* measure(wanted: (name: string) => boolean): AsyncGenerator<Omit<Line, "suite" | "runtime" | "build">> {
  // whatever is stale is built before the clock runs
  moiety("presets");
  const folder = mkdtempSync(join(tmpdir(), "moiety-run-"));
  try {
    for (const workers of new Set([1, availableParallelism()])) {
      const name = `quick in short, workers ${workers}`;
      if (!wanted(name)) continue;
      const out = join(folder, `${workers}`);
      const begun = performance.now();
      moiety("run", "quick", ...short, "--workers", `${workers}`, "--out", out);
      const ms = performance.now() - begun;
      const { phases } = JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as Summary;
      yield { name, ms, also: { "s federation": phases["federation"]!, "s clients": phases["clients"]! } };
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const run: Suite = {
  name: "run",
  about:
    "moiety run quick with 20 rounds, then 10 clients of at most 20 epochs: from the command to the report, on the bundled " +
    "Fashion-MNIST",
  cases: [],
  measure,
};
