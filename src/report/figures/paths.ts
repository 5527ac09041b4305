// The paper's picture over a sweep: every method's way through the local-global plane as one parameter moves.
import { axisX, axisY, dot, gridX, gridY, line, text } from "@observablehq/plot";
import type { Markish, PlotOptions } from "@observablehq/plot";
import { placeNotes } from "../labels.ts";
import { methodOrder, methodStyle, paperMethods } from "../methods.ts";
import { fixed, plusMinus } from "../numbers.ts";
import { parameterLabel, settingStat } from "../sweep.ts";
import type { Setting } from "../sweep.ts";
import { color } from "../theme.ts";
import { crosses } from "./cross.ts";
import type { Place } from "./cross.ts";
import { canvas, domainOf, frame, gridStyle, pixels, valueAt, wideFrom } from "./frame.ts";
import type { Axis, FigureOptions } from "./frame.ts";

interface Stop extends Place {
  readonly at: string;
}

interface Path {
  readonly method: string;
  readonly stops: readonly Stop[];
}

/** The paper's figure has the paper's methods unless others are named. */
export interface PathsOptions extends FigureOptions {
  readonly methods?: readonly string[];
}

/** Local (x) against global (y) test accuracy: one path per method, one stop with intervals per value of `parameter`. */
export function methodPaths(
  settings: readonly Setting[],
  parameter: string,
  { width = 640, methods: shown = paperMethods }: PathsOptions = {},
): PlotOptions {
  const wide = width >= wideFrom;
  const height = Math.round(wide ? width * 0.7 : width);
  const runs = settings.flatMap((setting) => setting.runs);
  const methods = methodOrder(runs.flatMap(({ summary }) => Object.keys(summary.methods))).filter((method) =>
    shown.includes(method),
  );
  const paths: Path[] = methods.map((method) => ({ method, stops: stops(settings, parameter, method) }));
  const names = key(methods, width - 56);
  const rows = 1 + (names.at(-1)?.row ?? 0);
  const all = paths.flatMap((path) => path.stops);
  const x: Axis = { domain: domainOf(all.map(({ x }) => x.mean), [0, 100]), range: [40, width - 16] }; // prettier-ignore
  const y: Axis = { domain: domainOf(all.map(({ y }) => y.mean), [0, 100]), range: [height - 46, 34 + rows * 18] }; // prettier-ignore
  const marks: Markish[] = [
    gridX({ ...gridStyle, ticks: wide ? 8 : 5 }),
    gridY({ ...gridStyle, ticks: 6 }),
    axisX({ ticks: wide ? 8 : 5, tickSize: 0, label: "Local test accuracy (%)" }),
    axisY({ ticks: 6, tickSize: 0, label: "Global test accuracy (%)" }),
  ];
  for (const { method, stops } of paths) marks.push(...path(method, stops, parameter, x, y));
  return frame(
    `Local against global test accuracy as ${parameterLabel(parameter)} varies`,
    paths.map(({ method, stops }) => describe(method, stops)).join("; "),
    {
      ...canvas({ width, height, x, y }),
      color: { type: "identity" },
      marks: [...marks, ...values(paths, x, y), ...keyMarks(names)],
    },
  );
}

function stops(settings: readonly Setting[], parameter: string, method: string): Stop[] {
  return settings.flatMap((setting) => {
    const x = settingStat(setting, method, "localTest");
    const y = settingStat(setting, method, "globalTest");
    return x && y ? [{ at: String(setting.values.get(parameter)), x, y }] : [];
  });
}

function path(method: string, stops: readonly Stop[], parameter: string, x: Axis, y: Axis): Markish[] {
  const { color: ink, symbol, label } = methodStyle(method);
  const place = { x: (stop: Stop) => stop.x.mean, y: (stop: Stop) => stop.y.mean };
  return [
    line(stops, { ...place, stroke: ink, strokeWidth: 1.5, strokeOpacity: 0.55 }),
    crosses(stops, x, y, ink, 1),
    dot(stops, {
      ...place,
      symbol,
      r: 4.5,
      fill: ink,
      stroke: color("paper"),
      title: ({ at, x, y }: Stop) =>
        `${label}, ${parameterLabel(parameter)} ${at}: local ${plusMinus(x)} %, global ${plusMinus(y)} %`,
    }),
  ];
}

// the parameter's value beside every stop that has room for it, the mixture's first
function values(paths: readonly Path[], x: Axis, y: Axis): Markish[] {
  const notes = paths
    .toReversed()
    .flatMap(({ method, stops }) =>
      stops.map((stop) => ({ method, text: stop.at, x: pixels(x, stop.x.mean), y: pixels(y, stop.y.mean) })),
    );
  return [
    text(placeNotes(notes), {
      x: ({ labelX }) => valueAt(x, labelX),
      y: ({ labelY }) => valueAt(y, labelY),
      text: "text",
      fill: ({ method }) => methodStyle(method).color,
      stroke: color("paper"),
      strokeWidth: 3,
      fontSize: 11,
    }),
  ];
}

function describe(method: string, stops: readonly Stop[]): string {
  const last = stops.at(-1);
  const [first] = stops;
  if (!first || !last) return methodStyle(method).label;
  const at = ({ x, y }: Stop): string => `${fixed(x.mean)}/${fixed(y.mean)}`;
  return `${methodStyle(method).label} from ${at(first)} to ${at(last)}`;
}

/** A method's name above a plot: how far from the left, and in which row. */
export interface Name {
  readonly method: string;
  readonly left: number;
  readonly row: number;
}

/** Where methods' names go: paths cross and tie, so they stand above the plot, in as many rows as they need. */
export function key(methods: readonly string[], width: number): Name[] {
  let left = 0;
  let row = 0;
  return methods.map((method) => {
    const needed = 26 + methodStyle(method).label.length * 7;
    if (left > 0 && left + needed > width) [left, row] = [0, row + 1];
    const name = { method, left, row };
    left += needed;
    return name;
  });
}

/** The names, with their symbols. */
export function keyMarks(names: readonly Name[]): Markish[] {
  return names.flatMap(({ method, left, row }) => {
    const { label, color: fill, symbol } = methodStyle(method);
    const place = { frameAnchor: "top-left", dy: -18 * (1 + (names.at(-1)?.row ?? 0) - row) } as const;
    return [
      dot([label], { ...place, dx: left + 5, symbol, r: 4.5, fill }),
      text([label], { ...place, dx: left + 14, text: [label], fill, fontWeight: 600, lineAnchor: "middle" }),
    ];
  });
}
