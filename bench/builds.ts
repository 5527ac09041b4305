// The builds of the kernels beside the plain one that is inlined in the library (docs/kernels.md says what they are).
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The arguments with which bench/runner.ts takes a target of asconfig.json; plain needs none. */
export function runnerArguments(build: string): string[] {
  if (build === "plain") return [];
  const { targets } = JSON.parse(readFileSync(`${root}asconfig.json`, "utf8")) as {
    targets: Record<string, { outFile: string }>;
  };
  const target = targets[build];
  if (!target) throw new RangeError(`no build ${build}, expected one of ${Object.keys(targets).join(", ")}`);
  const path = `${root}${target.outFile}`;
  if (!existsSync(path)) throw new RangeError(`build ${build} is not there; npm run build:kernels`);
  // its limit is that of fused multiply-adds where it has them, and the plain one where not
  return ["--kernels", path, "--fused"];
}
