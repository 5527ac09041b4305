// Does the gate gate? How far it trusts the specialist on the client's own classes and on all others, and class by class.
import { areaY, axisX, axisY, dot, gridX, gridY, lineY, ruleX, text, tickX } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { methodStyle } from "../methods.ts";
import { fixed } from "../numbers.ts";
import type { GateMetric, Metric } from "../metrics.ts";
import { stat } from "../stat.ts";
import { color } from "../theme.ts";
import { canvas, frame, gridStyle } from "./frame.ts";
import { wideFrom } from "./axis.ts";
import type { Figure, FigureOptions } from "./axis.ts";

interface Side {
  readonly name: string;
  readonly color: string;
  readonly shares: readonly number[];
  readonly mean: number;
}

// the gate is the mixture's, so its own classes have the mixture's colour
const ownColor = methodStyle("mixture").color;
const otherColor = color("quiet");

/** Histograms of h over the global test: rows of the clients' majority classes against rows of all other classes. */
export function gateHistogram(metrics: readonly Metric[], { width = 640 }: FigureOptions = {}): Figure {
  const wide = width >= wideFrom;
  const height = Math.round(wide ? width * 0.44 : width * 0.7);
  const gates = latestGates(metrics);
  const sides = [
    side(wide ? "own classes" : "own", ownColor, gates, "own"),
    side(wide ? "other classes" : "other", otherColor, gates, "other"),
  ];
  const top = Math.max(1, ...sides.flatMap(({ shares }) => shares)) * 1.12;
  const marks: Markish[] = [
    gridY({ ...gridStyle, ticks: 5 }),
    axisX({ ticks: 5, tickSize: 0, label: "h, trust in the specialist" }),
    axisY({ ticks: 5, tickSize: 0, label: "Rows (%)" }),
  ];
  for (const { shares, color: ink, mean, name } of sides) {
    const steps = outline(shares);
    marks.push(
      areaY(steps, { x: "h", y1: 0, y2: "share", fill: ink, fillOpacity: 0.16 }),
      lineY(steps, { x: "h", y: "share", stroke: ink, strokeWidth: 1.75, strokeLinejoin: "miter" }),
      ruleX(Number.isFinite(mean) ? [mean] : [], { stroke: ink, strokeDasharray: "2,3", insetTop: -4 }),
    );
    marks.push(meanLabel(name, ink, mean, sides));
  }
  return frame(
    "Trust in the specialist on own and on other classes",
    sides.map(({ name, mean }) => `mean h on ${name} ${fixed(mean, 2)}`).join(", "),
    {
      ...canvas({
        width,
        height,
        x: { domain: [0, 1], range: [40, width - 16] },
        y: { domain: [0, top], range: [height - 46, 48] },
      }),
      marks,
    },
  );
}

/** Mean trust by class: a faint point per client, a bar for their mean; own classes stand out where they are known. */
export function classTrust(
  metrics: readonly Metric[],
  { width = 640, classNames = [] }: FigureOptions & { readonly classNames?: readonly string[] } = {},
): Figure {
  const wide = width >= wideFrom;
  const points = latestGates(metrics).flatMap(({ client, perClass, classes = [] }) =>
    perClass.map((h, label) => ({ client, label, h, own: classes.includes(label) })),
  );
  const labels = [...new Set(points.map(({ label }) => label))].toSorted((a, b) => a - b);
  const name = (label: number): string => classNames[label] ?? `class ${label}`;
  const means = labels.map((label) => {
    const values = points.filter((point) => point.label === label && Number.isFinite(point.h)).map(({ h }) => h);
    return { label, h: values.length ? stat(values).mean : NaN };
  });
  const longest = Math.max(0, ...labels.map((label) => name(label).length));
  const marginLeft = Math.min(wide ? 120 : 92, 16 + longest * 7);
  return frame(
    "Mean trust in the specialist by class",
    means.map(({ label, h }) => `${name(label)} ${fixed(h, 2)}`).join(", "),
    {
      width,
      height: 54 + labels.length * 22,
      marginLeft,
      marginTop: 8,
      marginBottom: 46,
      marginRight: 16,
      x: { type: "linear", domain: [0, 1] },
      y: { type: "band", domain: labels, padding: 0.2 },
      marks: [
        gridX({ ...gridStyle, ticks: 5 }),
        axisX({ ticks: 5, tickSize: 0, label: "Mean h, trust in the specialist" }),
        axisY({ tickSize: 0, tickFormat: name, label: null }),
        ...[false, true].map((own) =>
          dot(
            points.filter((point) => point.own === own),
            {
              x: "h",
              y: "label",
              r: own ? 3.5 : 2.5,
              fill: own ? ownColor : otherColor,
              fillOpacity: own ? 0.85 : 0.3,
              title: ({ client, label, h }) => `client ${client}, ${name(label)}: ${fixed(h, 2)}`,
            },
          ),
        ),
        tickX(means, { x: "h", y: "label", stroke: "currentColor", strokeWidth: 2 }),
      ],
    },
  );
}

function latestGates(metrics: readonly Metric[]): GateMetric[] {
  const gates = metrics.filter((metric) => metric.kind === "gate");
  return [...new Map(gates.map((gate) => [gate.client, gate])).values()];
}

function side(name: string, color: string, gates: readonly GateMetric[], rows: "own" | "other"): Side {
  const bins = Math.max(1, ...gates.map((gate) => gate[rows].length));
  const counts = Array.from({ length: bins }, (_, i) => gates.reduce((sum, gate) => sum + (gate[rows][i] ?? 0), 0));
  const total = counts.reduce((a, b) => a + b, 0);
  // the bins' middles stand for their rows: right to half a bin, which is what a picture needs
  const mean = counts.reduce((sum, count, i) => sum + (count * (i + 0.5)) / bins, 0) / total;
  return { name, color, mean, shares: counts.map((count) => (total ? (100 * count) / total : 0)) };
}

function outline(shares: readonly number[]): { h: number; share: number }[] {
  const steps = shares.flatMap((share, i) => [
    { h: i / shares.length, share },
    { h: (i + 1) / shares.length, share },
  ]);
  return [{ h: 0, share: 0 }, ...steps, { h: 1, share: 0 }];
}

// above the plot at the mean, turned away from the other side's label
function meanLabel(name: string, ink: string, mean: number, sides: readonly Side[]): Markish {
  const isLower = sides.every((other) => other.mean >= mean);
  const isFirst = sides[0]?.name === name;
  const same = sides.every((other) => other.mean === mean);
  const left = same ? isFirst : isLower;
  const near = left ? mean < 0.3 : mean > 0.7;
  const anchor = left !== near ? "end" : "start";
  return text(Number.isFinite(mean) ? [mean] : [], {
    x: [mean],
    frameAnchor: "top",
    dy: near ? -26 : -12,
    // where both have one mean they stand to both sides of it
    dx: same ? (left ? -4 : 4) : anchor === "end" ? 4 : -4,
    textAnchor: anchor,
    text: [`${name}, mean ${fixed(mean, 2)}`],
    fill: ink,
    fontWeight: 600,
  });
}
