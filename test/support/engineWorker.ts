// A thread of its own, where no engine has been made yet: the calls say what `configure` says, and try a large memory.
import { configure, scope, sum, tensor, zeros } from "../../src/autograd/index.ts";
import { add } from "../../src/autograd/ops/add.ts";
import { empty, persistent, type Tensor } from "../../src/autograd/tensor.ts";
import { everyOp } from "./everyOp.ts";
import { workerPort } from "../../src/runtime/platform.ts";
import { serve } from "../../src/runtime/pool.ts";

export type EngineCalls = {
  configure: (options: { maximumBytes: number }) => null;
  /** Sums and copies of tensors that lie behind so many bytes. */
  /** `everyOp` around 2 GiB, in each case one cache line further on, every other case beyond; null if memory is short. */
  everyOpBeyond: (cases: number) => Record<string, number[]> | null;
  beyond: (bytes: number) => { pointer: number; total: number; values: number[]; kept: number[] };
};

/** Takes all memory below an address, which nobody touches, so that the system need not provide it. */
function ballastUpTo(address: number): Tensor | null {
  const next = persistent([0]);
  try {
    return persistent([address - next.ptr - 64], "u8");
  } catch (error) {
    if (error instanceof RangeError && error.message.includes("the system gives no more")) return null;
    throw error;
  } finally {
    next.dispose();
  }
}

function calls(): EngineCalls {
  return {
    configure: (options) => {
      configure(options);
      return null;
    },
    everyOpBeyond: (cases) => {
      const ballast = ballastUpTo(2 ** 31 - 2 ** 17);
      if (!ballast) return null;
      try {
        return scope(() => {
          // the chunk for all, from just below 2 GiB on, is not given back while this lies in it
          void empty([0], "u8");
          return everyOp(cases, (i) => {
            const { ptr } = empty([0]);
            if (!(ptr < 2 ** 31 && ptr >= 2 ** 31 - 2 ** 17))
              throw new Error(`everyOpBeyond: a scope begins at ${ptr}`);
            // what comes next lies behind 2 GiB, or on both sides of it, or begins there
            const gap = i % 2 === 1 ? 2 ** 17 + i : 2 ** 31 + 32 * i - 128 - 64 - ptr - 16;
            empty([gap], "u8");
          });
        });
      } finally {
        ballast.dispose();
      }
    },
    beyond: (bytes) => {
      // nobody touches it, so the system need not provide it
      const ballast = persistent([bytes / 4]);
      const x = tensor([1, 2, 3]);
      const kept = scope(() => add(x, tensor([10, 20, 30])));
      const total = scope(() => sum(add(kept, zeros([3])))).item();
      const whole = tensor([7, -7], [2], "i32").toArray();
      const found = { pointer: x.ptr, total, values: [...x.toArray(), ...whole], kept: [...kept.toArray()] };
      ballast.dispose();
      return found;
    },
  };
}

void workerPort().then((port) => serve(port, calls));
