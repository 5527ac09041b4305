// A thread of its own, where no engine has been made yet, to choose kernels in.
import { setFlagsFromString } from "node:v8";
import { configure, type EngineOptions, kernelBuild, matmul, scope, tensor } from "../../src/autograd/index.ts";
import { startWorker, workerPort } from "../../src/runtime/platform.ts";
import { serve, Threads } from "../../src/runtime/pool.ts";
import { threadOf } from "./thread.ts";

export type RelaxedCalls = {
  /** Node 20's flag, for as long as this process goes. */
  allow: (on: boolean) => null;
  load: () => Promise<null>;
  configure: (options: EngineOptions) => null;
  /** The build, and a product that is not exact: one in three of its sums differ in a last bit where it is fused. */
  compute: () => { build: string; product: number[] };
  /** The build of a thread that this one starts. */
  start: () => Promise<string>;
};

function calls(): RelaxedCalls {
  return {
    allow: (on) => {
      setFlagsFromString(`--${on ? "" : "no-"}experimental-wasm-relaxed-simd`);
      return null;
    },
    load: async () => {
      await import("../../src/runtime/relaxed.ts");
      return null;
    },
    configure: (options) => {
      configure(options);
      return null;
    },
    compute: () => {
      const x = tensor(
        Array.from({ length: 4096 }, (_, i) => 1 / (i + 3)),
        [64, 64],
      );
      return { build: kernelBuild(), product: [...scope(() => matmul(x, x)).toArray()] };
    },
    start: async () => {
      const port = await startWorker(threadOf(new URL(import.meta.url)));
      const pool = new Threads<RelaxedCalls>([port], null);
      try {
        const [found] = await pool.map("compute", [undefined as never]);
        return found!.build;
      } finally {
        await pool.close();
      }
    },
  };
}

void workerPort().then((port) => serve(port, calls));
