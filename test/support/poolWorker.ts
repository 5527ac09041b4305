// A worker with a few calls, some of which go wrong.
import { workerPort } from "../../src/runtime/platform.ts";
import { serve } from "../../src/runtime/pool.ts";
import type { PoolCalls } from "./calls.ts";

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function calls(setup: { refuse?: string }): PoolCalls {
  if (setup.refuse) throw new TypeError(setup.refuse);
  return {
    add: ({ a, b }) => a + b,
    wait: async (milliseconds) => {
      await pause(milliseconds);
      return milliseconds;
    },
    fail: (message) => {
      throw new RangeError(message);
    },
    strange: () => () => 0,
    die: async (how) => {
      if (how === "exit") process.exit(0);
      setTimeout(() => {
        throw new Error("the worker broke");
      }, 0);
      return new Promise<never>(() => {});
    },
    setup: () => setup,
  };
}

void workerPort().then((port) => serve(port, calls));
