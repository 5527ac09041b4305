// The worker that trains clients: the experiment's calls, with somebody looking on.
import { experimentCalls } from "../src/experiment/clients.ts";
import { type Packed, unpack } from "../src/experiment/packed.ts";
import { workerPort } from "../src/runtime/platform.ts";
import { serve } from "../src/runtime/pool.ts";

void workerPort().then((port) =>
  serve(port, (setup: Packed, tell) => experimentCalls(unpack(setup), { tell, share: 0.06 })),
);
