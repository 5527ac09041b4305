// The pool of Web Workers. Numbers do not depend on how many there are.
import type { ExperimentCalls } from "../../src/experiment/clients.ts";
import { GENERALIST } from "../../src/experiment/chosenMethods.ts";
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

// the model that a call's clients are sent
function generalistOf(
  call: Parameters<ExperimentCalls[keyof ExperimentCalls]>[0] | undefined,
): Float32Array | undefined {
  if (!call || "of" in call) return undefined;
  const down = "held" in call ? call.held[GENERALIST]?.down : call.calls[0]?.down;
  return down?.["model"] as Float32Array | undefined;
}

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
    apart: true,
    map: (name, calls, onAnswer) => {
      const answers = pool.map(name, calls, onAnswer);
      // after the work is given out: looking must not keep the trainers waiting
      const generalist = generalistOf(calls[0]);
      if (generalist && name !== "evaluate") witness(generalist, name === "train" ? "federation" : "private");
      return answers;
    },
    close: () => pool.close(),
  };
}
