// Worker threads for an experiment.
import type { ExperimentCalls, Setup } from "../experiment/index.ts";
import { startWorker } from "../runtime/platform.ts";
import { type Pool, Threads } from "../runtime/pool.ts";

// the worker stands beside this build, whichever it is: sources under a loader, or compiled
const worker = new URL(`../experiment/worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Starts `size` workers on a setup; one worker leaves this thread free for progress and Ctrl-C. */
export async function startPool(setup: Setup, size: number): Promise<Pool<ExperimentCalls>> {
  const ports = await Promise.all(Array.from({ length: size }, () => startWorker(worker)));
  return new Threads<ExperimentCalls>(ports, setup);
}
