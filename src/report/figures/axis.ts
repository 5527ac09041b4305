// What a figure is before it is drawn: its size and linear axes whose pixels are known by then, so that labels can be placed beside
// the data. Names nothing of the package that draws it, as this is what users of figures see.

/** A figure that is not drawn yet: options for `plot` of Observable Plot, whose marks and scales are its own business. */
export interface Figure {
  /** What it shows, in a few words. */
  readonly ariaLabel?: string;
  readonly [option: string]: unknown;
}

/** How large to draw: about 640 for a page, 340 for a phone. */
export interface FigureOptions {
  /** Pixels, 640 unless said. */
  readonly width?: number;
}

/** The width from which a figure has room for more than the necessary. */
export const wideFrom = 500;

/** A linear scale: domain in data, range in pixels. */
export interface Axis {
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

/** Pixels of a value. */
export function pixels({ domain, range }: Axis, value: number): number {
  return range[0] + ((value - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0]);
}

/** The value at a pixel. */
export function valueAt({ domain, range }: Axis, pixel: number): number {
  return domain[0] + ((pixel - range[0]) / (range[1] - range[0])) * (domain[1] - domain[0]);
}

/** The value, or the end of the axis that it lies beyond: few seeds have intervals wider than any plot. */
export function inside({ domain }: Axis, value: number): number {
  return Math.min(domain[1], Math.max(domain[0], value));
}

/** The range of the finite values with air around them, kept inside `limits`. */
export function domainOf(
  values: Iterable<number>,
  limits: readonly [number, number] = [-Infinity, Infinity],
  air = 0.06,
): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return Number.isFinite(limits[0] + limits[1]) ? limits : [0, 1];
  const margin = (high - low) * air || Math.abs(high) * air || 1;
  return [Math.max(limits[0], low - margin), Math.min(limits[1], high + margin)];
}

/** What a figure is drawn on: its size and two linear axes inside their margins. */
export interface Canvas {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
}
