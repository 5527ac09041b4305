// The machine's limit as a case: independent chains of 128-bit multiply and add on registers (kernels/peak.ts).
import { engine } from "../src/runtime/engine.ts";
import type { Prepared } from "./suite.ts";

const ITERATIONS = 10_000;

/** Floating-point operations of one run. */
export const PEAK_FLOPS: number = 224 * ITERATIONS;

/** A run of the chains: multiply then add, or fused where the build has that. */
export function peak(fused: boolean): Prepared {
  const { peak, peakFma } = engine().kernels;
  return { run: fused ? () => peakFma(ITERATIONS) : () => peak(ITERATIONS) };
}
