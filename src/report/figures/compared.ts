// Several federations side by side: who answers for a client, on validation rows, round by round.
import { axisX, axisY, dot, gridY, line, text } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { spreadWithin } from "../labels.ts";
import { inked, methodOrder, methodStyle } from "../methods.ts";
import { fixed } from "../numbers.ts";
import type { Metric, RoundMetric } from "../metrics.ts";
import { color } from "../theme.ts";
import { type CurveOptions, leastOf } from "./curves.ts";
import { canvas, frame, gridStyle, shortTicks, wholeTicks } from "./frame.ts";
import { domainOf, pixels, valueAt, wideFrom } from "./axis.ts";
import type { Axis, Figure } from "./axis.ts";

/** Validation loss by round, a line for each method. */
export function comparedLosses(metrics: readonly Metric[], options: CurveOptions = {}): Figure {
  const of = ({ validationLoss }: RoundMetric): number | undefined => validationLoss;
  return compared(
    "Validation loss by round",
    `Validation ${(options.unit ?? "Loss (nats)").replace(/^./, (first) => first.toLowerCase())}`,
    { of, digits: 2, least: 0, most: Infinity },
    metrics,
    options,
  );
}

/** Validation accuracy by round, a line for each method. */
export function comparedAccuracies(metrics: readonly Metric[], options: CurveOptions = {}): Figure {
  const of = ({ validationAccuracy }: RoundMetric): number | undefined => validationAccuracy;
  const { measure = "accuracy" } = options;
  return compared(
    `Validation ${measure} by round`,
    `Validation ${measure} (%)`,
    { of, digits: 1, least: leastOf(measure), most: 100 },
    metrics,
    options,
  );
}

interface Quantity {
  readonly of: (metric: RoundMetric) => number | undefined;
  readonly digits: number;
  readonly least: number;
  readonly most: number;
}

function compared(
  title: string,
  unit: string,
  { of, digits, least, most }: Quantity,
  metrics: readonly Metric[],
  { width = 640, rounds: room = 0 }: CurveOptions,
): Figure {
  const wide = width >= wideFrom;
  const rounds = metrics.filter((metric) => metric.kind === "round");
  // the generalist's rounds name no method
  const nameOf = ({ method = "fedavg" }: RoundMetric): string => method;
  const lines = methodOrder(rounds.map(nameOf)).flatMap((method) => {
    const points = rounds.flatMap((metric) => {
      const value = nameOf(metric) === method ? of(metric) : undefined;
      return value === undefined || !Number.isFinite(value)
        ? []
        : [{ round: metric.round, value: Math.max(least, value) }];
    });
    return points.length > 0 ? [{ method, points, last: points.at(-1)! }] : [];
  });
  // a line of text for every curve
  const height = Math.max(Math.round(wide ? width * 0.5 : width * 0.8), 74 + 15 * lines.length);
  const longest = Math.max(0, ...lines.map(({ method }) => methodStyle(method).label.length));
  const x: Axis = {
    domain: domainOf([...rounds.map(({ round }) => round), ...(room > 1 ? [0, room - 1] : [])], [0, Infinity], 0.01),
    range: [40, width - 12 - Math.min(longest * 7.2 + 8, width * 0.34)],
  };
  const y: Axis = {
    domain: domainOf(lines.flatMap(({ points }) => points.map(({ value }) => value)), [least, most]), // prettier-ignore
    range: [height - 46, 28],
  };
  const heights = spreadWithin(
    lines.map(({ last }) => pixels(y, last.value)),
    15,
    y.range[1],
    y.range[0] - 6,
  );
  const marks: Markish[] = [
    gridY({ ...gridStyle, ticks: 5 }),
    axisX({ ticks: wholeTicks(x, wide ? 8 : 5), tickFormat: "d", tickSize: 0, label: "Round" }),
    axisY({ ticks: 5, tickSize: 0, label: unit, ...shortTicks(y) }),
  ];
  lines.forEach(({ method, points, last }, i) => {
    const style = methodStyle(method);
    const { color: stroke, label, symbol } = style;
    marks.push(
      line(points, { x: "round", y: "value", stroke, strokeWidth: 1.75 }),
      dot([last], { x: "round", y: "value", symbol, r: 4, ...inked(style, color("paper")) }),
      text([label], {
        x: [x.domain[1]],
        y: [valueAt(y, heights[i]!)],
        dx: 8,
        text: [label],
        textAnchor: "start",
        fill: stroke,
        fontWeight: 600,
      }),
    );
  });
  const said = lines.map(({ method, last }) => `${methodStyle(method).label} ${fixed(last.value, digits)}`).join("; ");
  return frame(title, said || "no rounds yet", { ...canvas({ width, height, x, y }), marks });
}
