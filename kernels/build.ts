// Which of the three builds of this source is compiled: see asconfig.json for their options.

/** Multiply and add in one instruction, rounded once where the machine can: the relaxed build. */
export const relaxed: bool = ASC_FEATURE_RELAXED_SIMD;

/** Sums in neighbouring pairs, for a compiler that makes 256-bit vectors of them: the wide build. */
export const wide: bool = isDefined(WIDE);

/** The build these kernels are of: 0 plain, 1 relaxed, 2 wide. */
export function build(): i32 {
  return relaxed ? 1 : wide ? 2 : 0;
}
