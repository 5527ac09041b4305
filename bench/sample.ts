// How one case is timed in one process: calls gathered into samples the clock can see, warmed until V8's optimising tier
// has the code, then bursts of samples taken by tinybench. Whoever compares asks for bursts in turn.
import { Bench, type FnReturnedObject } from "tinybench";
import type { Prepared } from "./suite.ts";

/** A timed case. */
export interface Sampler {
  /** Milliseconds per call, one number per sample. */
  burst(milliseconds: number): Promise<number[]>;
}

const SAMPLE = 1;
const WARM_LEAST = 150;
const WARM_MOST = 1500;

// a process that used less of a core than this had it taken away meanwhile
const WHOLE = 0.95;
const ATTEMPTS = 5;
// a longer sample would hardly ever be left alone on a busy machine
const LONG = 20;

// what run() returns lands here, so that no engine can drop the work that made it
let sink: unknown;

/** Times samples on the clock, and notices when another process had the core for part of one. */
class Stopwatch {
  #attempts = 0;
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 };
  #start = 0;

  start(): void {
    this.#attempts++;
    this.#cpu = process.cpuUsage();
    this.#start = performance.now();
  }

  /** What the sample took; what this process spent of it when there is no hope of the whole core; or null to try again. */
  stop(): number | null {
    const spent = performance.now() - this.#start;
    const { user, system } = process.cpuUsage(this.#cpu);
    const used = (user + system) / 1000;
    if (used >= WHOLE * spent) return spent;
    return spent > LONG || this.#attempts >= ATTEMPTS ? used : null;
  }
}

/** Milliseconds per call of one sample. */
function sample({ run }: Prepared, calls: number): number {
  const watch = new Stopwatch();
  for (;;) {
    watch.start();
    for (let i = 0; i < calls; i++) sink = run();
    const spent = watch.stop();
    if (spent !== null) return spent / calls;
  }
}

async function sampleAsync({ run }: Prepared, calls: number): Promise<number> {
  const watch = new Stopwatch();
  for (;;) {
    watch.start();
    for (let i = 0; i < calls; i++) sink = await run();
    const spent = watch.stop();
    if (spent !== null) return spent / calls;
  }
}

/** Warms a case up and finds how many calls make a sample of about a millisecond. */
export async function sampler(prepared: Prepared): Promise<Sampler> {
  sink = prepared.run();
  const awaits = sink instanceof Promise;
  await sink;
  let calls = 1;
  let best = Infinity;
  let steady = 0;
  const began = performance.now();
  // tier-up shows as a faster sample: five without one, and the code is what it will be
  for (;;) {
    const perCall = awaits ? await sampleAsync(prepared, calls) : sample(prepared, calls);
    steady = perCall < best * 0.97 ? 0 : steady + 1;
    best = Math.min(best, perCall);
    const elapsed = performance.now() - began;
    if (elapsed > WARM_MOST || (elapsed > WARM_LEAST && steady >= 5)) break;
    calls = Math.max(1, Math.min(100_000, Math.round(SAMPLE / Math.max(best, 1e-5))));
  }
  const duration = (perCall: number): FnReturnedObject => ({
    overriddenDuration: perCall,
    overriddenIterationCost: perCall * calls,
  });
  const once = awaits
    ? async (): Promise<FnReturnedObject> => duration(await sampleAsync(prepared, calls))
    : (): FnReturnedObject => duration(sample(prepared, calls));
  return {
    async burst(milliseconds) {
      const bench = new Bench({ time: milliseconds, iterations: 1, warmup: false, retainSamples: true, throws: true });
      bench.add("burst", once, { async: awaits });
      if (awaits) await bench.run();
      else bench.runSync();
      const { result } = bench.tasks[0]!;
      if (result.state !== "completed") throw new Error(`sampler: the burst ended as ${result.state}`);
      return result.latency.samples!;
    },
  };
}
