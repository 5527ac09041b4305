// The worker that trains clients: the experiment's calls, with somebody looking on.
import { experimentCalls } from "../src/experiment/clients.ts";
import type { Setup } from "../src/experiment/setup.ts";
import { workerPort } from "../src/runtime/platform.ts";
import { serve } from "../src/runtime/pool.ts";

void workerPort().then((port) => serve(port, (setup: Setup, tell) => experimentCalls(setup, { tell, share: 0.06 })));
