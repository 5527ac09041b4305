// A worker of the thread test: its training holds the thread, as real training does.
import { serve } from "../../../src/runtime/pool.ts";
import { workerPort } from "../../../src/runtime/platform.ts";
import { clientTrainer, trainerCalls } from "../../../src/federated/backends/flower/index.ts";
import { steppingClient } from "./clients.ts";

// blocks this thread until the other one has opened the gate
function wait(gate: Int32Array): void {
  Atomics.wait(gate, 0, 0, 10_000);
}

serve(await workerPort(), ({ gate }: { gate: Int32Array }) =>
  trainerCalls((id) => clientTrainer({ client: steppingClient({ id, step: id, before: () => wait(gate) }) })),
);
