// What the collector should know: to it a tensor is a few dozen bytes, whatever it holds in linear memory, so that it sees no
// reason to look for those that were dropped before the memory is full.

// as much as makes V8 collect at once, and an eighth of the memory there is by default
const STEP = 2 ** 28;
let since = 0;

/** Counts memory that a tensor owns. From time to time as much is asked of the collector's own memory, and not touched. */
export function tellCollector(bytes: number): void {
  since += bytes;
  if (since < STEP) return;
  since = 0;
  try {
    void new ArrayBuffer(STEP);
  } catch (error) {
    // a system that has no room for it has made its collector look already
    if (!(error instanceof RangeError)) throw error;
  }
}
