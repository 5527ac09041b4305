// The builds of the kernels beside the plain one that is inlined in the library.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Compiles a target of asconfig.json and gives the arguments with which bench/runner.ts takes it. Plain needs none. */
export function runnerArguments(build: string): string[] {
  if (build === "plain") return [];
  const { targets } = JSON.parse(readFileSync(`${root}asconfig.json`, "utf8")) as {
    targets: Record<string, { outFile: string }>;
  };
  const target = targets[build];
  if (!target)
    throw new RangeError(`build: no ${build}; there are plain, ${Object.keys(targets).join(", ")} (asconfig.json)`);
  const asc = "node_modules/assemblyscript/bin/asc.js";
  execFileSync(process.execPath, [asc, "kernels/index.ts", "--config", "asconfig.json", "--target", build], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  // every other build may fuse multiply and add
  return ["--kernels", `${root}${target.outFile}`, "--fused"];
}
