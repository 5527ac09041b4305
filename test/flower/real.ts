// The real thing: SuperLink, ServerApp and moiety clients on loopback. `npm run test:flower`; slow, so not part of npm test.
// Parts can be named (`npm run test:flower -- basics faults`); the crowd of 200 alone takes minutes. Each part has a process of its own, one after another: two federations at once would only measure each other.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { suite } from "../support/suite.ts";
import { flowerEnvironment } from "./support/python.ts";

const parts: Readonly<Record<string, () => Promise<ReturnType<typeof suite>>>> = {
  basics: async () => (await import("./real/basics.ts")).basics,
  parity: async () => (await import("./real/parity.ts")).parity,
  faults: async () => (await import("./real/faults.ts")).faults,
  dp: async () => (await import("./real/dp.ts")).dp,
  mixed: async () => (await import("./real/mixed.ts")).mixed,
  deno: async () => (await import("./real/deno.ts")).deno,
  browser: async () => (await import("./real/browser.ts")).browser,
  cli: async () => (await import("./real/cli.ts")).cli,
  "cli-methods": async () => (await import("./real/cliMethods.ts")).cliMethods,
  methods: async () => (await import("./real/methods.ts")).methods,
  "methods-six": async () => (await import("./real/methods.ts")).sixMethods,
  "methods-faults": async () => (await import("./real/methods.ts")).methodsFaults,
  secure: async () => (await import("./real/secure.ts")).secure,
  compose: async () => (await import("./real/compose.ts")).compose,
  machines: async () => (await import("./real/machines.ts")).machines,
  crowd: async () => (await import("./real/crowd.ts")).crowd,
};

const named = process.argv.slice(2);
const unknown = named.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined)
  throw new RangeError(`real: part, got ${unknown}, expected some of ${Object.keys(parts).join(", ")}`);
const environment = flowerEnvironment();
if ("missing" in environment) {
  console.log(`skipped: ${environment.missing}`);
} else if (named.length === 1) {
  (await parts[named[0]!]!()).run();
} else {
  const self = fileURLToPath(import.meta.url);
  const failed = (named.length > 0 ? named : Object.keys(parts)).filter(
    (name) => spawnSync(process.execPath, ["--import", "tsx", self, name], { stdio: "inherit" }).status !== 0,
  );
  if (failed.length > 0) {
    console.log(`failed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}
