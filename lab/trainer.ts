// The worker that trains clients: the experiment's calls, with somebody looking on. Whoever it works for is at the other end of the port
// that it is sent first.
import { experimentCalls, type ExperimentCalls } from "../src/experiment/clients.ts";
import type { FlowerCalls } from "../src/experiment/flower.ts";
import { type Packed, unpack } from "../src/experiment/packed.ts";
import { serve } from "../src/runtime/pool.ts";
import { endOf } from "./wire.ts";

addEventListener(
  "message",
  ({ data }: MessageEvent<MessagePort>) =>
    serve(endOf(data), (packed: Packed, tell): ExperimentCalls & FlowerCalls => {
      const setup = unpack(packed);
      let nodes: Promise<FlowerCalls> | undefined;
      return {
        ...experimentCalls(setup, { tell, share: 0.06 }),
        // what only clients of another tab's server need is loaded for them
        answer: async (call) => {
          nodes ??= import("../src/experiment/flower.ts").then(({ flowerCalls }) => flowerCalls({ setup }));
          return (await nodes).answer(call);
        },
      };
    }),
  { once: true },
);
