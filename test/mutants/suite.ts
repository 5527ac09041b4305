// In the place of test/support/suite.ts: tests are collected and wait, instead of being run by uvu.
export * as assert from "uvu/assert";

export interface Waiting {
  readonly name: string;
  readonly run: () => unknown;
}

/** All tests of the files that were loaded, in their order. */
export const waiting: Waiting[] = [];

interface Test {
  (name: string, run: () => unknown): void;
  /** Where uvu starts, and here nothing. */
  run(): void;
}

export const test: Test = Object.assign((name: string, run: () => unknown): void => void waiting.push({ name, run }), {
  run: (): void => {},
});

/** A named group of tests, whose name nobody needs here. */
export const suite = (): Test => test;
