// Trainers on worker threads: many nodes of one process share a pool, and none of their heartbeats waits for training.
import type { Pool } from "../../../runtime/pool.ts";
import { type Memory, remembering } from "./memory.ts";
import type { Answer, Task, Trainer } from "./task.ts";

/** The call that a worker of this pool answers. */
export type TrainerCalls = {
  /** Answers one message on the worker. */
  answer: (call: { readonly client: number; readonly task: Task }) => Promise<Answer>;
};

/**
 * The trainer of one client, on whichever thread of the pool is free. What it remembers goes along with each task: threads
 * keep nothing of it.
 */
export function pooledTrainer(pool: Pool<TrainerCalls>, client: number, memory: Memory = {}): Trainer {
  const remembered = remembering(client, memory);
  return {
    answer: (task) =>
      remembered(task, async (whole) => {
        const [answer] = await pool.map("answer", [{ client, task: whole }]);
        return answer!;
      }),
  };
}

/** A worker's side: hand the result to `serve`. `trainer` gives the trainer of a client, made on its first use. */
export function trainerCalls(trainer: (client: number) => Trainer | Promise<Trainer>): TrainerCalls {
  const made = new Map<number, Promise<Trainer>>();
  return {
    answer: async ({ client, task }) => {
      let found = made.get(client);
      if (found === undefined) {
        found = (async () => trainer(client))();
        made.set(client, found);
        // what failed once may succeed in the next round
        found.catch(() => made.delete(client));
      }
      return (await found).answer(task);
    },
  };
}
