// What a case costs without the library around its kernels: the kernel calls of one run, recorded and called again with the
// same arguments. What the case takes longer is the layer above.
import { type Engine, engine, type Kernels, withEngine } from "../src/runtime/engine.ts";
import type { Prepared } from "./suite.ts";

interface Call {
  readonly kernel: string;
  readonly args: readonly number[];
}

// asked for by the library to plan its memory, not part of the work
const PLANNING = /ScratchBytes$/;

/** The kernel calls of one run. */
function record(run: () => unknown): Call[] {
  const calls: Call[] = [];
  const real = engine();
  const kernels = Object.fromEntries(
    Object.entries(real.kernels).map(([kernel, call]) => [
      kernel,
      (...args: number[]): unknown => {
        if (!PLANNING.test(kernel)) calls.push({ kernel, args });
        return (call as (...args: number[]) => unknown)(...args);
      },
    ]),
  );
  const listening: Engine = { ...real, kernels: kernels as unknown as Kernels };
  withEngine(listening, run);
  return calls;
}

/** The bare calls of a case that does all its work before it returns. */
export function bare(prepared: Prepared): Prepared {
  // the first run may allocate what later ones find
  prepared.run();
  const calls = record(prepared.run);
  if (calls.length === 0) throw new Error("bare: no kernel is called through the library; say that the case is direct");
  // as code, so that nothing but the calls is left to do
  const body = calls.map(({ kernel, args }) => `kernels.${kernel}(${args.join(", ")});`).join("\n");
  const replay = new Function("kernels", body) as (kernels: Kernels) => void;
  const { kernels } = engine();
  return { run: () => replay(kernels), ...(prepared.dispose && { dispose: prepared.dispose }) };
}
