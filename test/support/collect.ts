// Garbage collection on demand, with or without --expose-gc on the command line.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Collects what can be collected and lets finalisers run. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    // finalisers are called in a turn of their own
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}
