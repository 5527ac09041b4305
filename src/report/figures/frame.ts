// What all figures share: size, type, and linear axes whose pixels are known before anything is drawn, so that labels
// can be placed beside the data.
import type { PlotOptions } from "@observablehq/plot";
import { color } from "../theme.ts";

/** How large to draw: about 640 for a page, 340 for a phone. */
export interface FigureOptions {
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
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
}

/** Plot's form of a canvas. */
export function canvas({ width, height, x, y }: Canvas): PlotOptions {
  return {
    width,
    height,
    marginLeft: x.range[0],
    marginRight: width - x.range[1],
    marginTop: y.range[1],
    marginBottom: height - y.range[0],
    x: { type: "linear", ...x },
    y: { type: "linear", ...y },
  };
}

/** The options every figure starts from. `description` is what a reader who cannot see it is told. */
export function frame(title: string, description: string, options: PlotOptions): PlotOptions {
  return {
    className: "moiety-figure",
    ariaLabel: title,
    ariaDescription: description,
    style: { fontSize: "12px", overflow: "visible" },
    ...options,
  };
}

/** Ticks of rounds or epochs, which are whole: about `count` of them. */
export function wholeTicks({ domain: [low, high] }: Axis, count: number): number | readonly number[] {
  if (high - low >= count) return count;
  const first = Math.ceil(low);
  return Array.from({ length: Math.floor(high) - first + 1 }, (_, i) => first + i);
}

/** Ticks of an axis beside which only a few letters have room: very large and very small numbers by their powers of ten. */
export function shortTicks({ domain: [low, high] }: Axis): { readonly tickFormat?: (value: number) => string } {
  const most = Math.max(Math.abs(low), Math.abs(high));
  if (most < 1e4 && high - low > 1e-2) return {};
  return { tickFormat: (value) => (value === 0 ? "0" : value.toExponential(value >= most / 10 ? 1 : 0).replace(".0e", "e").replace("e+", "e")) }; // prettier-ignore
}

/** Light lines at the ticks. */
export const gridStyle: { readonly stroke: string; readonly strokeOpacity: number } = {
  stroke: color("line"),
  strokeOpacity: 1,
};
