// The runtimes that users have, by what starts a script in them. Pinned; from npm alone.
import { join } from "node:path";
import { installed } from "../../scripts/installed.ts";

export interface Runtime {
  readonly name: string;
  /** The command and its arguments in front of the script. Rejects where the runtime cannot be had. */
  command(): Promise<readonly string[]>;
}

const binary = async (name: string, version: string): Promise<string> =>
  join(await installed(name, version), "node_modules/.bin", name);

function node(version: string): Runtime {
  const here = process.versions.node.split(".")[0] === version.split(".")[0];
  return {
    name: `Node ${here ? process.versions.node : version}`,
    command: async () => [here ? process.execPath : await binary("node", version)],
  };
}

/** Every runtime but the browser. */
export const runtimes: readonly Runtime[] = [
  node("20.20.2"),
  node("22.23.3"),
  node("24.21.0"),
  node("26.10.0"),
  { name: "Deno 2.9.6", command: async () => [await binary("deno", "2.9.6"), "run", "--quiet", "-A"] },
  { name: "Bun 1.4.4", command: async () => [await binary("bun", "1.4.4")] },
];
