// The worker that trains clients: the experiment's calls, with somebody looking on. Whoever it works for is at the other end of the port
// that it is sent first.
import { experimentCalls } from "../src/experiment/clients.ts";
import { type Packed, unpack } from "../src/experiment/packed.ts";
import { serve } from "../src/runtime/pool.ts";
import { endOf } from "./wire.ts";

addEventListener(
  "message",
  ({ data }: MessageEvent<MessagePort>) =>
    serve(endOf(data), (setup: Packed, tell) => experimentCalls(unpack(setup), { tell, share: 0.06 })),
  { once: true },
);
