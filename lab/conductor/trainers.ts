// The pool of Web Workers. Numbers do not depend on how many there are.
import type { ExperimentCalls } from "../../src/experiment/clients.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import type { LiveEvent } from "../../src/experiment/watch.ts";
import { availableParallelism, startWorker } from "../../src/runtime/platform.ts";
import { type Pool, Threads } from "../../src/runtime/pool.ts";

const most = 16;

/** As many as there are cores. */
export function trainerCount(): number {
  return Math.min(most, Math.max(1, availableParallelism()));
}

/** Sees every generalist that is given to the clients, and which part of the run it is for. */
export type Witness = (generalist: Float32Array, part: "federation" | "private") => void;

export interface Trainers {
  /** The pool, with somebody who sees what passes. */
  watched(witness: Witness): Pool<ExperimentCalls>;
}

/** Starts the trainers on a setup. */
export async function startTrainers(setup: Setup, onEvent: (event: LiveEvent) => void): Promise<Trainers> {
  const module = new URL("./trainer.js", import.meta.url);
  const ports = await Promise.all(Array.from({ length: trainerCount() }, () => startWorker(module)));
  const pool = new Threads<ExperimentCalls>(ports, setup, (event) => onEvent(event as LiveEvent));
  return {
    watched: (witness) => ({
      size: pool.size,
      map: (name, calls, onAnswer) => {
        const answers = pool.map(name, calls, onAnswer);
        // after the work is given out: looking must not keep the trainers waiting
        const [first] = calls;
        if (first && name !== "evaluate") witness(first.generalist, name === "train" ? "federation" : "private");
        return answers;
      },
      close: () => pool.close(),
    }),
  };
}
