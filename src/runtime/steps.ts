// Long work as a generator that yields wherever nothing is half done. The same steps run to their end at once, or in turns
// with everything else that a page or a server has to do.

/** Work that can rest at every yield; what it returns is its result. Nothing of an arena is open while it rests. */
export type Steps<T> = Generator<void, T, void>;

/** Runs the steps to their end without a pause. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** A function whose work can rest: called it works to its end, and `steps` gives the work in steps. */
export interface Stepped<A extends readonly unknown[], T> {
  (...args: A): T;
  /** The work itself. */
  steps(...args: A): Steps<T>;
}

/** The function whose work these are the steps of. */
export function stepped<A extends readonly unknown[], T>(steps: (...args: A) => Steps<T>): Stepped<A, T> {
  return Object.assign((...args: A) => finish(steps(...args)), { steps });
}

/** So many things of one kind that take microseconds each are made between two rests. */
export const OFTEN = 256;

/** What `make` gives for 0, 1, ..., n - 1, resting after every 256. */
export function* inSteps<T>(n: number, make: (i: number) => T): Steps<T[]> {
  const all: T[] = [];
  for (let i = 0; i < n; i++) {
    all.push(make(i));
    if (all.length % OFTEN === 0) yield;
  }
  return all;
}

export interface TurnOptions {
  /** Aborting ends the work at its next rest; everything it made is freed and its promise rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of work between two turns of the event loop. */
  readonly slice?: number;
}

/** Runs the steps in slices of a few milliseconds, so that a page keeps drawing and a server keeps answering. */
export async function inTurns<T>(steps: Steps<T>, { signal, slice = 8 }: TurnOptions = {}): Promise<T> {
  try {
    for (;;) {
      await turn();
      signal?.throwIfAborted();
      const until = performance.now() + slice;
      do {
        const { done, value } = steps.next();
        if (done) return value;
      } while (performance.now() < until);
    }
  } finally {
    // after an abort the generator's own `finally` blocks still have memory to free
    steps.return(undefined as never);
  }
}

/** Lets timers, input and painting go first. A message is heard sooner than a timer, which browsers hold back 4 ms. */
export async function turn(): Promise<void> {
  // where there is no page to paint: a channel for every rest costs as much as a small client's work
  if (typeof setImmediate === "function") return new Promise((resolve) => void setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  await new Promise<unknown>((resolve) => {
    port1.addEventListener("message", resolve, { once: true });
    port1.start();
    port2.postMessage(null);
  });
  port1.close();
}
