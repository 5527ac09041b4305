// A quantity against a parameter: one line per series with its intervals, named at its end.
import { axisX, axisY, dot, gridY, line, ruleX, text } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { spread } from "../labels.ts";
import { fixed, plusMinus } from "../numbers.ts";
import type { Stat } from "../records.ts";
import { canvas, frame, gridStyle } from "./frame.ts";
import { domainOf, inside, pixels, valueAt, wideFrom } from "./axis.ts";
import type { Axis, Figure, FigureOptions } from "./axis.ts";
import type { SymbolName } from "../methods.ts";

/** One line: where it was measured and what it is called. */
export interface Series {
  /** Beside its line. */
  readonly label: string;
  /** Of line and symbols. */
  readonly color: string;
  /** At its points. */
  readonly symbol: SymbolName;
  /** Whether the line is. */
  readonly dashed?: boolean;
  /** Where it goes. */
  readonly points: readonly { readonly at: number; readonly value: Stat }[];
}

/** Lines over a numeric parameter; accuracies in percent. */
export function parameterLines(
  title: string,
  xLabel: string,
  yLabel: string,
  series: readonly Series[],
  { width = 640 }: FigureOptions = {},
): Figure {
  const wide = width >= wideFrom;
  const height = Math.round(wide ? width * 0.5 : width * 0.85);
  const longest = Math.max(0, ...series.map(({ label }) => label.length));
  const points = series.flatMap((one) => one.points);
  const ticks = [...new Set(points.map(({ at }) => at))].toSorted((a, b) => a - b);
  const x: Axis = {
    domain: domainOf(ticks, [-Infinity, Infinity], 0.03),
    range: [40, width - 16 - Math.min(longest * 6.6, width * 0.34)],
  };
  const reached = points.flatMap(({ value: { mean, ci95 } }) => [mean, mean - ci95, mean + ci95]);
  const y: Axis = { domain: domainOf(reached, [0, 100]), range: [height - 46, 28] };

  const marks: Markish[] = [
    gridY({ ...gridStyle, ticks: 6 }),
    axisX({ ticks: sparse(ticks, wide ? 14 : 7), tickFormat: String, tickSize: 3, label: xLabel, labelArrow: "right" }),
    axisY({ ticks: 6, tickSize: 0, label: yLabel }),
  ];
  for (const [i, { color: stroke, symbol, dashed, points, label }] of series.entries()) {
    // neighbours stand a little apart, so that their intervals can be seen
    const shift = (i - (series.length - 1) / 2) * 2.5;
    const at = (value: number): number => valueAt(x, pixels(x, value) + shift);
    const placed = points.map((point) => ({ ...point, x: at(point.at), y: point.value.mean }));
    const bars = placed
      .filter(({ value }) => Number.isFinite(value.ci95))
      .map(({ x, value: { mean, ci95 } }) => ({ x, y1: inside(y, mean - ci95), y2: inside(y, mean + ci95) }));
    marks.push(
      line(placed, { x: "x", y: "y", stroke, strokeWidth: 1.75, ...(dashed && { strokeDasharray: "5,4" }) }),
      ruleX(bars, { x: "x", y1: "y1", y2: "y2", stroke, strokeWidth: 1.25 }),
      dot(placed, {
        x: "x",
        y: "y",
        symbol,
        r: 4,
        fill: stroke,
        title: ({ at, value }) => `${label}, ${xLabel} ${at}: ${plusMinus(value)}`,
      }),
    );
  }
  return frame(title, describe(series), {
    ...canvas({ width, height, x, y }),
    marks: [...marks, ...names(series, x, y)],
  });
}

function describe(series: readonly Series[]): string {
  return series
    .map(({ label, points }) => `${label} from ${fixed(points[0]?.value.mean)} to ${fixed(points.at(-1)?.value.mean)}`)
    .join("; ");
}

// as many of the measured places as fit, the ends always
function sparse(ticks: readonly number[], most: number): number[] {
  const step = Math.ceil((ticks.length - 1) / (most - 1)) || 1;
  return ticks.filter((_, i) => i % step === 0 || i === ticks.length - 1);
}

function names(series: readonly Series[], x: Axis, y: Axis): Markish[] {
  const ends = series.filter(({ points }) => points.length > 0);
  const heights = spread(
    ends.map(({ points }) => pixels(y, points.at(-1)?.value.mean ?? NaN)),
    15,
  );
  return ends.map(({ label, color: fill }, i) =>
    text([label], {
      x: [x.domain[1]],
      y: [valueAt(y, heights[i] ?? 0)],
      dx: 4,
      text: [label],
      textAnchor: "start",
      fill,
      fontWeight: 600,
    }),
  );
}
