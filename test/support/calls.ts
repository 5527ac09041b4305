// The calls that test/support/poolWorker.ts answers, for tests to name their types.
export type PoolCalls = {
  add: (pair: { a: number; b: number }) => number;
  /** Answers after so many milliseconds. */
  wait: (milliseconds: number) => Promise<number>;
  fail: (message: string) => never;
  /** An answer that cannot be cloned. */
  strange: (_: null) => unknown;
  die: (how: "throw" | "exit") => Promise<never>;
  setup: (_: null) => unknown;
};
