// The worker module of experiments: answers calls about its setup's clients.
import { workerPort } from "../runtime/platform.ts";
import { serve } from "../runtime/pool.ts";
import { type ExperimentCalls, experimentCalls } from "./clients.ts";
import { loadMethods } from "./ownMethods.ts";
import { loadNetworks } from "./ownNetworks.ts";
import { type Packed, unpack } from "./packed.ts";

async function calls(packed: Packed): Promise<ExperimentCalls> {
  const setup = unpack(packed);
  await loadNetworks(setup.config);
  await loadMethods(setup.config);
  return experimentCalls(setup);
}

void workerPort().then((port) => serve(port, calls));
