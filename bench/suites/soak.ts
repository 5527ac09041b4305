// Does memory stay flat? One process trains a hundred thousand steps; linear memory and the JavaScript heap are read after
// the first hundred and at the end.
import { memory } from "../../src/autograd/index.ts";
import type { Line } from "../line.ts";
import { modes, stepper } from "../models.ts";
import type { Suite } from "../suite.ts";

const STEPS = 100_000;
const MARKS = [100, 1_000, 10_000, STEPS];

async function* measured(wanted: (name: string) => boolean): AsyncIterable<Omit<Line, "suite" | "runtime" | "build">> {
  const name = "LeNet-Fashion b10";
  if (!wanted(name)) return;
  const { step, dispose } = stepper("lenetFashion", 10, 1e-4);
  const mode = modes();
  let done = 0;
  for (const mark of MARKS) {
    const began = performance.now();
    const from = done;
    for (; done < mark; done++) step(mode());
    // the collector gets a turn, as it would between rounds
    await new Promise((resolve) => setTimeout(resolve, 100));
    globalThis.gc?.();
    const { used, reserved } = memory();
    yield {
      name: `${name}, step ${mark}`,
      ms: (performance.now() - began) / (mark - from),
      also: {
        "tensor bytes": used,
        "reserved bytes": reserved,
        "heap MB": Math.round(process.memoryUsage().heapUsed / 1e5) / 10,
        "resident MB": Math.round(process.memoryUsage().rss / 1e5) / 10,
      },
    };
  }
  dispose();
}

export const soak: Suite = {
  name: "soak",
  about: "memory after 100, 1,000, 10,000 and 100,000 training steps in one process",
  cases: [],
  measure: measured,
};
