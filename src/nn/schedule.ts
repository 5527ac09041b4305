// Rates that change from round to round, or from epoch to epoch. Powers are products: Math.pow differs between engines.

/** How a rate goes: it stays, falls by a factor every so many rounds, or falls in a line to `end` times itself. */
export type Schedule =
  | { readonly kind: "constant" }
  | { readonly kind: "exponential"; readonly gamma: number; readonly every?: number | undefined }
  | { readonly kind: "linear"; readonly rounds: number; readonly end: number };

/** What a rate is multiplied by in a round, which counts from 0. */
export function factorAt(schedule: Schedule, round: number): number {
  if (schedule.kind === "constant") return 1;
  if (schedule.kind === "linear") return 1 + (schedule.end - 1) * Math.min(1, round / schedule.rounds);
  let factor = 1;
  for (let i = Math.floor(round / (schedule.every ?? 1)); i > 0; i--) factor *= schedule.gamma;
  return factor;
}
