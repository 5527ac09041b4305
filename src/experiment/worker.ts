// The worker module of experiments: answers calls about its setup's clients.
import { workerPort } from "../runtime/platform.ts";
import { serve } from "../runtime/pool.ts";
import { experimentCalls } from "./clients.ts";
import type { Setup } from "./setup.ts";

void workerPort().then((port) => serve(port, (setup: Setup) => experimentCalls(setup)));
