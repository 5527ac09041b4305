// The pool of Web Workers. Numbers do not depend on how many there are.
import type { ExperimentCalls } from "../../src/experiment/clients.ts";
import { GENERALIST } from "../../src/experiment/chosenMethods.ts";
import { pack } from "../../src/experiment/packed.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import { availableParallelism } from "../../src/runtime/platform.ts";
import { type Pool, type Port, Threads } from "../../src/runtime/pool.ts";
import type { LabEvent } from "../messages.ts";
import { paced } from "./pace.ts";
import { tiesOf } from "./ties.ts";

const most = 16;

/** As many as there are cores. */
export function trainerCount(): number {
  return Math.min(most, availableParallelism());
}

type List = Parameters<ExperimentCalls["train"]>[0];
type Answers = Awaited<ReturnType<ExperimentCalls["train"]>>;

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

/** Puts trainers to work on a setup. */
export function putToWork(
  ports: readonly Port[],
  setup: Setup,
  onEvent: (event: LabEvent) => void,
  witness: Witness,
): Pool<ExperimentCalls> {
  const pool = new Threads<ExperimentCalls>(ports, pack(setup), (event) => onEvent(event as LabEvent));
  return {
    size: pool.size,
    apart: true,
    map: async (name, calls, onAnswer) => {
      if (name === "train") await paced();
      const answers = pool.map(name, calls, (answer, i) => {
        // before it is taken: the memory of what is sent goes on
        if (name === "train") tiesOf(calls[i] as List, answer as Answers).forEach(onEvent);
        onAnswer?.(answer, i);
      });
      // after the work is given out: looking must not keep the trainers waiting
      const generalist = generalistOf(calls[0]);
      if (generalist && name !== "evaluate") witness(generalist, name === "train" ? "federation" : "private");
      return answers;
    },
    close: () => pool.close(),
  };
}
