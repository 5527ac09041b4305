// What all figures share, in the words of the package that draws them: canvas, type and grid.
import { axisX, axisY, gridX, gridY } from "../plot.ts";
import type { Markish, PlotOptions } from "@observablehq/plot";
import { color } from "../theme.ts";
import { type Axis, type Canvas, type Figure, wideFrom } from "./axis.ts";

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
export function frame(title: string, description: string, options: Omit<PlotOptions, "ariaLabel">): Figure {
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

/** Grid and axes of the plane at a width. */
export function planeAxes(width: number, measure = "accuracy"): Markish[] {
  const wide = width >= wideFrom;
  return [
    gridX({ ...gridStyle, ticks: wide ? 8 : 5 }),
    gridY({ ...gridStyle, ticks: 6 }),
    axisX({ ticks: wide ? 8 : 5, tickSize: 0, label: `Local test ${measure} (%)` }),
    axisY({ ticks: 6, tickSize: 0, label: `Global test ${measure} (%)` }),
  ];
}
