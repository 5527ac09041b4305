// The federation's learning curves: loss and validation accuracy by round, and the round that was kept.
import { axisX, axisY, dot, gridY, line, ruleX, text } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { methodStyle } from "../methods.ts";
import { spreadWithin } from "../labels.ts";
import { fixed } from "../numbers.ts";
import type { Metric, RoundMetric } from "../metrics.ts";
import { color } from "../theme.ts";
import { canvas, frame, gridStyle, shortTicks, wholeTicks } from "./frame.ts";
import { domainOf, pixels, valueAt, wideFrom } from "./axis.ts";
import type { Axis, Figure, FigureOptions } from "./axis.ts";

export interface CurveOptions extends FigureOptions {
  /** What the loss is, and its unit. */
  readonly unit?: string;
  /** What validation measures, in percent; accuracy unless said. R2 is drawn from -100 on: what is worse stands there. */
  readonly measure?: "accuracy" | "R2";
  /** How many rounds to leave room for, while they are still to come. */
  readonly rounds?: number;
}

interface Curve {
  readonly name: string;
  readonly color: string;
  readonly values: (metric: RoundMetric) => number | undefined;
}

const generalist = methodStyle("fedavg").color;
const training: Curve = { name: "training", color: color("quiet"), values: ({ trainLoss }) => trainLoss };
const validationLoss: Curve = { name: "validation", color: generalist, values: ({ validationLoss }) => validationLoss };
const validationAccuracy: Curve = {
  name: "validation",
  color: generalist,
  values: ({ validationAccuracy }) => validationAccuracy,
};

/** Training and validation loss of the generalist by round. */
export function lossCurves(metrics: readonly Metric[], options: CurveOptions = {}): Figure {
  return curves(
    "Loss by round",
    options.unit ?? "Loss (nats)",
    2,
    [training, validationLoss],
    validationLoss,
    metrics,
    options,
  );
}

/** Validation accuracy of the generalist by round. */
export function accuracyCurve(metrics: readonly Metric[], options: CurveOptions = {}): Figure {
  const lines = [validationAccuracy];
  const { measure = "accuracy" } = options;
  const unit = measure === "R2" ? "R2 (%)" : "Accuracy (%)";
  return curves(`Validation ${measure} by round`, unit, 1, lines, validationAccuracy, metrics, options);
}

function curves(
  title: string,
  unit: string,
  digits: number,
  lines: readonly Curve[],
  judged: Curve,
  metrics: readonly Metric[],
  { width = 640, rounds: room = 0, measure }: CurveOptions,
): Figure {
  const wide = width >= wideFrom;
  const height = Math.round(wide ? width * 0.44 : width * 0.7);
  const rounds = metrics.filter((metric) => metric.kind === "round");
  const drawn = lines
    .map((curve) => ({ ...curve, points: points(rounds, curve, leastOf(measure)) }))
    .filter(({ points }) => points.length);
  const reached = [...rounds.map(({ round }) => round), ...(room > 1 ? [0, room - 1] : [])];
  const x: Axis = { domain: domainOf(reached, [0, Infinity], 0.01), range: [40, width - 16] };
  const y: Axis = {
    domain: domainOf(drawn.flatMap(({ points }) => points.map(({ value }) => value)), [leastOf(measure), Infinity]), // prettier-ignore
    range: [height - 46, 40],
  };
  const best = rounds.findLast((metric) => metric.best && Number.isFinite(judged.values(metric)));

  const marks: Markish[] = [
    gridY({ ...gridStyle, ticks: 5 }),
    axisX({ ticks: wholeTicks(x, wide ? 8 : 5), tickFormat: "d", tickSize: 0, label: "Round" }),
    axisY({ ticks: 5, tickSize: 0, label: unit, ...shortTicks(y) }),
  ];
  // names stand above their curves' ends, the lowest one's below, all of them inside and apart
  const lowest = Math.min(...drawn.map(({ points }) => points.at(-1)?.value ?? Infinity));
  const heights = spreadWithin(
    drawn.map(({ points }) => {
      const value = points.at(-1)?.value ?? NaN;
      return pixels(y, value) + (value === lowest ? 14 : -11);
    }),
    14,
    y.range[1] + 6,
    y.range[0] - 8,
  );
  for (const [i, { points, color: stroke, name }] of drawn.entries()) {
    const last = points.at(-1);
    marks.push(
      line(points, { x: "round", y: "value", stroke, strokeWidth: name === "training" ? 1.25 : 2 }),
      // a curve with few points shows where it was measured
      points.length <= 40 ? dot(points, { x: "round", y: "value", r: 2, fill: stroke }) : null,
      text(drawn.length > 1 && last ? [last] : [], {
        x: "round",
        y: () => valueAt(y, heights[i]!),
        text: () => name,
        // a curve that has only begun has no room to its left
        textAnchor: last && pixels(x, last.round) < x.range[0] + 70 ? "start" : "end",
        fill: stroke,
        stroke: color("paper"),
        strokeWidth: 4,
      }),
    );
  }
  if (best) marks.push(...kept(best, judged.values(best) ?? NaN, digits, x));
  const range = rounds.length ? `${rounds.length} rounds` : "no rounds yet";
  const description = best ? `${range}; best round ${best.round}: ${fixed(judged.values(best), digits)}` : range;
  return frame(title, description, { ...canvas({ width, height, x, y }), marks });
}

/** Where an axis of validation may begin at the lowest. */
export function leastOf(measure: CurveOptions["measure"]): number {
  return measure === "R2" ? -100 : 0;
}

function points(rounds: readonly RoundMetric[], { values }: Curve, least: number): { round: number; value: number }[] {
  return rounds.flatMap((metric) => {
    const value = values(metric);
    return value === undefined || !Number.isFinite(value)
      ? []
      : [{ round: metric.round, value: Math.max(least, value) }];
  });
}

function kept(best: RoundMetric, value: number, digits: number, x: Axis): Markish[] {
  const left = pixels(x, best.round) < (x.range[0] + x.range[1]) / 2;
  return [
    ruleX([best.round], { stroke: generalist, strokeDasharray: "2,3", insetTop: -4 }),
    dot([best], { x: best.round, y: value, r: 5, stroke: generalist, strokeWidth: 2, fill: color("paper") }),
    text([best], {
      x: best.round,
      frameAnchor: "top",
      dy: -12,
      dx: left ? -4 : 4,
      textAnchor: left ? "start" : "end",
      text: () => `best: round ${best.round}, ${fixed(value, digits)}`,
      fill: generalist,
      fontWeight: 600,
    }),
  ];
}
