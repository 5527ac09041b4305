// The process in which moiety's own cases run, and what they are held against in the same process: the machine's limit, and
// their own kernel calls alone. `--kernels <file>` puts another build in place of the plain one;
// `--fused` measures the limit of fused multiply-adds.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { configure } from "../src/runtime/engine.ts";
import { bare } from "./bare.ts";
import { peak } from "./peak.ts";
import { serve } from "./protocol.ts";
import type { Prepared } from "./suite.ts";
import { suites } from "./suites/index.ts";

const { kernels, fused } = parseArgs({
  options: { kernels: { type: "string" }, fused: { type: "boolean", default: false } },
}).values;
if (kernels !== undefined) configure({ kernels: new Uint8Array(readFileSync(kernels)) });

function find(suite: string, name: string): Prepared {
  const found = suites.find((one) => one.name === suite)?.cases.find((one) => one.name === name);
  if (!found) throw new Error(`runner: no case ${name} in suite ${suite}`);
  return found.prepare();
}

await serve(({ suite, name, slot }) => {
  if (slot === "peak") return peak(fused);
  return slot === "bare" ? bare(find(suite, name)) : find(suite, name);
});
