// A thread of its own, where no engine has been made yet: the calls say what `configure` says, and try a large memory.
import { configure, scope, sum, tensor, zeros } from "../../src/autograd/index.ts";
import { add } from "../../src/autograd/ops/add.ts";
import { persistent } from "../../src/autograd/tensor.ts";
import { workerPort } from "../../src/runtime/platform.ts";
import { serve } from "../../src/runtime/pool.ts";

export type EngineCalls = {
  configure: (options: { maximumBytes: number }) => null;
  /** Sums and copies of tensors that lie behind so many bytes. */
  beyond: (bytes: number) => { pointer: number; total: number; values: number[]; kept: number[] };
};

function calls(): EngineCalls {
  return {
    configure: (options) => {
      configure(options);
      return null;
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
