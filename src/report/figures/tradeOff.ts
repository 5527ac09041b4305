// The whole trade-off: every method's way through the local-global plane as its dial turns, and the points of those that have
// none.
import { axisX, axisY, dot, gridX, gridY, line, text } from "@observablehq/plot";
import type { Markish, PlotOptions } from "@observablehq/plot";
import { placeNotes } from "../labels.ts";
import { methodOrder, methodStyle } from "../methods.ts";
import { fixed, plusMinus } from "../numbers.ts";
import type { Metric } from "../records.ts";
import { stat } from "../stat.ts";
import { color } from "../theme.ts";
import { away, type Both, curvesOf, dialled, pointsOf, stop } from "../tradeOff.ts";
import { crosses, type Place } from "./cross.ts";
import { canvas, domainOf, frame, gridStyle, pixels, valueAt, wideFrom } from "./frame.ts";
import type { Axis, FigureOptions } from "./frame.ts";
import { key, keyMarks } from "./paths.ts";

interface Stop extends Place {
  readonly at: string;
}

interface Way {
  readonly method: string;
  readonly dial: string;
  readonly stops: readonly Stop[];
}

export interface TradeOffOptions extends FigureOptions {
  /** Whose points are shown beside the curves, where they are there. */
  readonly points?: readonly string[];
  /** Whom intervals are against, paired by client. */
  readonly against?: string;
}

const usual = ["fedavg", "finetuned", "mixture", "ensemble", "stream"];

/**
 * Local (x) against global (y) test accuracy over the clients of runs of one setting. A cross is the 95 % interval of a place's
 * difference to the method it is against.
 */
export function tradeOff(
  runs: readonly (readonly Metric[])[],
  { width = 640, points = usual, against = "finetuned" }: TradeOffOptions = {},
): PlotOptions {
  const wide = width >= wideFrom;
  const height = Math.round(wide ? width * 0.7 : width);
  const reference = pointsOf(runs, against);
  const placeOf = (of: readonly Both[]): Place => {
    const { local, global } = away(reference, of);
    const mean = (test: keyof Both): number => stat(of.map((point) => point[test])).mean;
    return { x: { ...local, mean: mean("localTest") }, y: { ...global, mean: mean("globalTest") } };
  };
  const curved = methodOrder(runs.flatMap(dialled)).map((method): Way => {
    const curves = curvesOf(runs, method);
    const { dial, at } = curves[0]!;
    return { method, dial, stops: at.map((value, i) => ({ at: String(value), ...placeOf(stop(curves, i)) })) };
  });
  const alone = methodOrder(points.filter((method) => !curved.some((way) => way.method === method))).flatMap(
    (method): Way[] => {
      const found = pointsOf(runs, method);
      return found.length > 0 ? [{ method, dial: "", stops: [{ at: "", ...placeOf(found) }] }] : [];
    },
  );
  const ways = [...curved, ...alone];
  const names = key(
    ways.map(({ method }) => method),
    width - 56,
  );
  const rows = 1 + (names.at(-1)?.row ?? 0);
  const all = ways.flatMap(({ stops }) => stops);
  const x: Axis = { domain: domainOf(all.map(({ x }) => x.mean), [0, 100]), range: [40, width - 16] }; // prettier-ignore
  const y: Axis = { domain: domainOf(all.map(({ y }) => y.mean), [0, 100]), range: [height - 46, 34 + rows * 18] }; // prettier-ignore
  const marks: Markish[] = [
    gridX({ ...gridStyle, ticks: wide ? 8 : 5 }),
    gridY({ ...gridStyle, ticks: 6 }),
    axisX({ ticks: wide ? 8 : 5, tickSize: 0, label: "Local test accuracy (%)" }),
    axisY({ ticks: 6, tickSize: 0, label: "Global test accuracy (%)" }),
  ];
  for (const one of ways) marks.push(...way(one, x, y));
  return frame("The trade-off between local and global test accuracy", ways.map(describe).join("; "), {
    ...canvas({ width, height, x, y }),
    color: { type: "identity" },
    marks: [...marks, ...ends(curved, x, y), ...keyMarks(names)],
  });
}

function way({ method, dial, stops }: Way, x: Axis, y: Axis): Markish[] {
  const { color: ink, symbol, label } = methodStyle(method);
  const place = { x: (stop: Stop) => stop.x.mean, y: (stop: Stop) => stop.y.mean };
  return [
    line(stops, { ...place, stroke: ink, strokeWidth: 1.75 }),
    crosses(stops, x, y, ink, dial ? 0.5 : 1.25),
    dot(stops, {
      ...place,
      symbol,
      r: dial ? 2.75 : 5.5,
      fill: ink,
      stroke: color("paper"),
      title: ({ at, x, y }: Stop) =>
        `${label}${dial && `, ${dial} = ${at}`}: local ${plusMinus(x)} %, global ${plusMinus(y)} %`,
    }),
  ];
}

// curves leave from everybody's answer and arrive at the client's own
function ends(ways: readonly Way[], x: Axis, y: Axis): Markish[] {
  const notes = ways.flatMap(({ method, dial, stops }) =>
    stops.map(({ at, x: local, y: global }, i) => ({
      method,
      text: i === 0 || i === stops.length - 1 ? `${dial} = ${at}` : at,
      x: pixels(x, local.mean),
      y: pixels(y, global.mean),
    })),
  );
  return [
    text(placeNotes(notes), {
      x: ({ labelX }) => valueAt(x, labelX),
      y: ({ labelY }) => valueAt(y, labelY),
      text: "text",
      fill: ({ method }) => methodStyle(method).color,
      stroke: color("paper"),
      strokeWidth: 3,
      fontSize: 10,
    }),
  ];
}

function describe({ method, stops }: Way): string {
  const at = ({ x, y }: Stop): string => `${fixed(x.mean)}/${fixed(y.mean)}`;
  const [first, last] = [stops[0]!, stops.at(-1)!];
  const { label } = methodStyle(method);
  return first === last ? `${label}: ${at(first)}` : `${label} from ${at(first)} to ${at(last)}`;
}
