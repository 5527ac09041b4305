// Waiting: with jitter, so that a hundred clients do not come back at the same moment, and never past an abort.
// Wall-clock and Math.random are right here: nothing that is waited for reaches a result.

/** Resolves after `seconds`; rejects with the signal's reason if that aborts first. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** `seconds`, up to a fifth more or less. */
export function jitter(seconds: number): number {
  return seconds * (0.8 + 0.4 * Math.random());
}

/** The wait before attempt n + 1 (n from 0): doubling from `first` up to `cap` seconds, with jitter. */
export function backoff(n: number, first = 0.5, cap = 10): number {
  return jitter(Math.min(cap, first * 2 ** Math.min(n, 30)));
}
