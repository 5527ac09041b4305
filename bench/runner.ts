// The process in which moiety's own cases run. With --peak it runs nothing but the measurement of the machine's limit.
import { engine } from "../src/runtime/engine.ts";
import { serve } from "./protocol.ts";
import type { Prepared } from "./suite.ts";
import { suites } from "./suites/index.ts";

const peakOnly = process.argv.includes("--peak");

function find(suite: string, name: string): Prepared {
  const found = suites.find((one) => one.name === suite)?.cases.find((one) => one.name === name);
  if (!found) throw new Error(`runner: no case ${name} in suite ${suite}`);
  return found.prepare();
}

/** Iterations of the peak kernel in one call, and floating-point operations in one iteration (see kernels/peak.ts). */
const PEAK_ITERATIONS = 10_000;
const peak: Prepared = { run: () => engine().kernels.peak(PEAK_ITERATIONS) };

await serve(({ suite, name }) => (peakOnly ? peak : find(suite, name)));
