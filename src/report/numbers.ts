// Numbers as people read them: true minus signs, and nothing where nothing is known.
import type { Stat } from "./records.ts";

/** A number with fixed digits; a dash for what is not finite. */
export function fixed(value: number | undefined, digits = 1): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(digits).replace("-", "\u2212");
}

/** The same with its sign; a difference that rounds to nothing has none. */
export function signed(value: number, digits = 1): string {
  const text = fixed(value, digits);
  if (Number(value.toFixed(digits)) === 0) return text.replace("\u2212", "");
  return value > 0 ? `+${text}` : text;
}

/** `64.5 ± 1.9`, or the mean alone where there is no interval. */
export function plusMinus(
  { mean, ci95 }: Stat,
  digits = 1,
  write: (value: number, digits: number) => string = fixed,
): string {
  return Number.isFinite(ci95) ? `${write(mean, digits)} ± ${fixed(ci95, digits)}` : write(mean, digits);
}

/** Seconds as `12.3 s`, `4 min 05 s` or `2 h 07 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
