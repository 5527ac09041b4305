// Worker threads for an experiment, or Web Workers in a page.
import { startWorker } from "../runtime/platform.ts";
import { type Pool, Threads } from "../runtime/pool.ts";
import { inTurns } from "../runtime/steps.ts";
import type { ExperimentCalls } from "./clients.ts";
import { pack } from "./packed.ts";
import type { Setup } from "./setup.ts";

// the worker stands beside this module, whichever it is: sources under a loader, or compiled
const beside = new URL(`./worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/**
 * Starts `size` workers on a setup; one worker leaves this thread free for progress and Ctrl-C.
 * In a page it is for the page's own thread: Firefox (153) now and then stands still for ever in a worker that starts another.
 * @param worker where the worker's module is, for bundlers that move it
 * @param onEvent hears what the calls tell while they run
 */
export async function startPool(
  setup: Setup,
  size: number,
  worker: URL = beside,
  onEvent?: (event: unknown) => void,
): Promise<Pool<ExperimentCalls>> {
  const packed = await inTurns(pack.steps(setup), { slice: 50 });
  const ports = await Promise.all(Array.from({ length: size }, () => startWorker(worker)));
  return new Threads<ExperimentCalls>(ports, packed, onEvent);
}
