// The worker module of nodes in a Flower federation.
import { workerPort } from "../runtime/platform.ts";
import { serve } from "../runtime/pool.ts";
import { flowerCalls, type FlowerCalls, type FlowerSetup } from "./flower.ts";
import { loadMethods } from "./ownMethods.ts";
import { loadNetworks } from "./ownNetworks.ts";

async function calls(flower: FlowerSetup): Promise<FlowerCalls> {
  await loadNetworks(flower.setup.config);
  await loadMethods(flower.setup.config);
  return flowerCalls(flower);
}

void workerPort().then((port) => serve(port, calls));
