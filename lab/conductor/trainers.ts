// The pool of Web Workers. Numbers do not depend on how many there are.
import type { ExperimentCalls } from "../../src/experiment/clients.ts";
import { startPool } from "../../src/experiment/pool.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import type { LiveEvent } from "../../src/experiment/watch.ts";
import { availableParallelism } from "../../src/runtime/platform.ts";
import type { Pool } from "../../src/runtime/pool.ts";

const most = 16;

/** As many as there are cores. */
export function trainerCount(): number {
  return Math.min(most, availableParallelism());
}

/** Sees every generalist that is given to the clients, and which part of the run it is for. */
export type Witness = (generalist: Float32Array, part: "federation" | "private") => void;

/** Starts the trainers on a setup. */
export async function startTrainers(
  setup: Setup,
  onEvent: (event: LiveEvent) => void,
  witness: Witness,
): Promise<Pool<ExperimentCalls>> {
  const module = new URL("./trainer.js", import.meta.url);
  const pool = await startPool(setup, trainerCount(), module, (event) => onEvent(event as LiveEvent));
  return {
    size: pool.size,
    map: (name, calls, onAnswer) => {
      const answers = pool.map(name, calls, onAnswer);
      // after the work is given out: looking must not keep the trainers waiting
      const [first] = calls;
      if (first && name !== "evaluate") witness(first.generalist, name === "train" ? "federation" : "private");
      return answers;
    },
    close: () => pool.close(),
  };
}
