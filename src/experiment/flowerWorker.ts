// The worker module of nodes in a Flower federation.
import { workerPort } from "../runtime/platform.ts";
import { serve } from "../runtime/pool.ts";
import { flowerCalls } from "./flower.ts";

void workerPort().then((port) => serve(port, flowerCalls));
