// One client's private training: validation accuracy by epoch, of each model it trains.
import { axisX, axisY, dot, gridY, line, type Markish, text } from "@observablehq/plot";
import { leastOf } from "../../src/report/figures/curves.ts";
import { canvas, frame, gridStyle, wholeTicks } from "../../src/report/figures/frame.ts";
import { type Axis, domainOf, type Figure, pixels, valueAt } from "../../src/report/figures/axis.ts";
import { spread } from "../../src/report/labels.ts";
import { methodOrder, methodStyle } from "../../src/report/methods.ts";
import type { EpochMetric } from "../../src/report/metrics.ts";

/** Validation accuracy or R2 by epoch; undefined without any epoch. */
export function epochCurves(
  all: readonly EpochMetric[],
  width: number,
  measure: "accuracy" | "R2" = "accuracy",
): Figure | undefined {
  const least = leastOf(measure);
  const epochs = all.map((epoch) => ({
    ...epoch,
    validationAccuracy: Math.max(least, epoch.validationAccuracy),
  }));
  if (epochs.length === 0) return undefined;
  const height = Math.round(width * 0.5);
  const methods = methodOrder(epochs.map(({ method }) => method));
  const x: Axis = { domain: domainOf(epochs.map(({ epoch }) => epoch), [0, Infinity], 0.01), range: [40, width - 84] }; // prettier-ignore
  const y: Axis = { domain: domainOf(epochs.map(({ validationAccuracy }) => validationAccuracy), [least, 100]), range: [height - 42, 24] }; // prettier-ignore
  const marks: Markish[] = [
    gridY({ ...gridStyle, ticks: 4 }),
    axisX({ ticks: wholeTicks(x, 5), tickFormat: "d", tickSize: 0, label: "Epoch" }),
    axisY({ ticks: 4, tickSize: 0, label: `Validation ${measure} (%)` }),
  ];
  const lines = methods.map((method) => epochs.filter((epoch) => epoch.method === method));
  const heights = spread(
    lines.map((points) => pixels(y, points.at(-1)!.validationAccuracy)),
    14,
  );
  lines.forEach((points, i) => {
    const { color: stroke, label } = methodStyle(methods[i]!);
    const place = { x: "epoch", y: "validationAccuracy" } as const;
    marks.push(
      line(points, { ...place, stroke, strokeWidth: 1.75 }),
      dot(points.filter(({ best }) => best).slice(-1), { ...place, r: 3, fill: stroke }),
      text([label], {
        x: [x.domain[1]],
        y: [valueAt(y, heights[i]!)],
        dx: 6,
        text: [label],
        textAnchor: "start",
        fill: stroke,
        fontWeight: 600,
      }),
    );
  });
  return frame("Private training", `${epochs.length} validations`, { ...canvas({ width, height, x, y }), marks });
}
