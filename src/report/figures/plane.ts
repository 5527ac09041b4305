// The paper's picture: what a method reaches on a client's own distribution against what it keeps on all classes.
import { dot, link, text } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { placeLabels } from "../labels.ts";
import { inked, methodOrder, methodStyle } from "../methods.ts";
import { fixed, plusMinus } from "../numbers.ts";
import { clientsByMethod } from "../pairs.ts";
import type { Stat } from "../records.ts";
import type { Metric } from "../metrics.ts";
import { stat } from "../stat.ts";
import { color } from "../theme.ts";
import { crosses } from "./cross.ts";
import type { Place } from "./cross.ts";
import { canvas, frame, planeAxes } from "./frame.ts";
import { domainOf, inside, pixels, valueAt, wideFrom } from "./axis.ts";
import type { Axis, Canvas, Figure, FigureOptions } from "./axis.ts";

interface Mean extends Place {
  readonly method: string;
}

/** What the plane shows of it, in percent. */
export interface PlaneDomain {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export interface PlaneOptions extends FigureOptions {
  /** Without it, as much as the clients take up. */
  readonly domain?: PlaneDomain;
  /** Whether means have their intervals, which of a few clients are wider than the plane; true unless said. */
  readonly intervals?: boolean;
  /** What the tests measure; accuracy unless said. What lies beyond the domain, as R2 may, stands at its edge. */
  readonly measure?: string;
}

// who answers every input alike stands so far off that all others would be one spot; tables have it
function drawn(metrics: readonly Metric[]): ReturnType<typeof clientsByMethod> {
  return new Map([...clientsByMethod(metrics)].filter(([method]) => method !== "majorityClass"));
}

/** As much of the plane as the clients of these records take up. */
export function planeDomain(metrics: readonly Metric[]): PlaneDomain {
  const all = [...drawn(metrics).values()].flat();
  return {
    x: domainOf(all.map(({ localTest }) => localTest), [0, 100]), // prettier-ignore
    y: domainOf(all.map(({ globalTest }) => globalTest), [0, 100]), // prettier-ignore
  };
}

/** Size and axes of the plane at a width, for what is drawn over it. */
export function planeCanvas(width: number, { x, y }: PlaneDomain): Canvas {
  const height = Math.round(width >= wideFrom ? width * 0.64 : width * 0.95);
  return { width, height, x: { domain: x, range: [40, width - 16] }, y: { domain: y, range: [height - 46, 28] } };
}

/** Local (x) against global (y) test accuracy: a faint point per client, a mean with its 95 % interval per method. */
export function plane(
  metrics: readonly Metric[],
  { width = 640, domain, intervals = true, measure = "accuracy" }: PlaneOptions = {},
): Figure {
  const clients = drawn(metrics);
  const methods = methodOrder(clients.keys());
  const room = planeCanvas(width, domain ?? planeDomain(metrics));
  const { x, y } = room;

  const mean = (values: number[]): Stat => (intervals ? stat(values) : { ...stat(values), ci95: NaN });
  const means: Mean[] = methods.map((method) => {
    const records = clients.get(method) ?? [];
    return {
      method,
      x: mean(records.map(({ localTest }) => localTest)),
      y: mean(records.map(({ globalTest }) => globalTest)),
    };
  });
  const marks = planeAxes(width, measure);
  for (const method of methods) {
    const style = methodStyle(method);
    const { symbol, label } = style;
    marks.push(
      dot(clients.get(method) ?? [], {
        x: ({ localTest }) => inside(x, localTest),
        y: ({ globalTest }) => inside(y, globalTest),
        symbol,
        r: 2.5,
        ...inked(style),
        opacity: 0.38,
        title: ({ client, localTest, globalTest }) =>
          `client ${client}, ${label}: local ${fixed(localTest)} %, global ${fixed(globalTest)} %`,
      }),
    );
  }
  for (const mean of means) marks.push(crosses([mean], x, y, methodStyle(mean.method).color, 1.75), middle(mean, x, y));
  return frame(
    `Local against global test ${measure}`,
    means.map((mean) => `${methodStyle(mean.method).label}: ${describe(mean)}`).join("; "),
    { ...canvas(room), marks: [...marks, ...names(means, x, y)] },
  );
}

function describe({ x, y }: Mean): string {
  return `local ${plusMinus(x)} %, global ${plusMinus(y)} %`;
}

function middle(mean: Mean, x: Axis, y: Axis): Markish {
  const style = methodStyle(mean.method);
  const { symbol, label } = style;
  return dot([mean], {
    x: inside(x, mean.x.mean),
    y: inside(y, mean.y.mean),
    symbol,
    r: 6,
    ...inked(style, color("paper")),
    strokeWidth: 1.25,
    title: () => `${label}: ${describe(mean)}`,
  });
}

function names(means: readonly Mean[], x: Axis, y: Axis): Markish[] {
  const labels = means.map(({ method, x: local, y: global }) => {
    const { label, color: ink } = methodStyle(method);
    const at = pixels(x, inside(x, local.mean));
    // beyond the symbol and beyond the interval's arm
    const arm = Number.isFinite(local.ci95) ? pixels(x, local.mean + local.ci95) - at : 0;
    return { text: label, color: ink, x: at, y: pixels(y, inside(y, global.mean)), reach: Math.max(6, arm) };
  });
  return placeLabels(labels, {
    left: x.range[0] + 2,
    right: x.range[1],
    top: y.range[1],
    bottom: y.range[0] - 4,
  }).flatMap((label) => {
    const textX = valueAt(x, label.labelX);
    const textY = valueAt(y, label.labelY);
    const moved = Math.abs(label.labelY - label.y) > 5;
    const leader = { x1: valueAt(x, label.x), y1: valueAt(y, label.y), x2: textX, y2: textY };
    return [
      moved ? link([leader], { x1: "x1", y1: "y1", x2: "x2", y2: "y2", stroke: label.color, strokeWidth: 0.75 }) : null,
      text([label.text], {
        x: [textX],
        y: [textY],
        dx: moved ? (label.anchor === "start" ? 2 : -2) : 0,
        text: [label.text],
        textAnchor: label.anchor,
        fill: label.color,
        stroke: color("paper"),
        strokeWidth: 4,
        fontWeight: 600,
        fontSize: 13,
      }),
    ];
  });
}
