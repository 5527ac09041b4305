// Ways through the local-global plane: a line for each method, a cross and a symbol at every stop, a word beside those that have
// room for it, and the methods' names above, since ways cross and tie.
import { dot, line, text } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { placeNotes } from "../labels.ts";
import { methodStyle } from "../methods.ts";
import { fixed, plusMinus } from "../numbers.ts";
import { color } from "../theme.ts";
import { crosses, type Place } from "./cross.ts";
import { canvas, frame, planeAxes } from "./frame.ts";
import { domainOf, pixels, valueAt, wideFrom } from "./axis.ts";
import type { Axis, Figure } from "./axis.ts";

export interface Stop extends Place {
  /** The value that its way is at. */
  readonly at: string;
}

export interface Way {
  readonly method: string;
  readonly stops: readonly Stop[];
  /** Widths of the line and of the crosses' arms, and the symbols' radius, in pixels. */
  readonly line: number;
  readonly cross: number;
  readonly radius: number;
  readonly opacity?: number;
  /** What stands between a method's name and the numbers of a stop. */
  readonly told: (stop: Stop) => string;
}

/** A word at a stop; those that come first have the room. */
export interface Word {
  readonly method: string;
  readonly text: string;
  readonly stop: Stop;
}

export interface WaysOptions {
  readonly title: string;
  readonly width: number;
  /** Of the words, in pixels. */
  readonly fontSize: number;
}

/** Local (x) against global (y) test accuracy along ways. */
export function through(ways: readonly Way[], words: readonly Word[], { title, width, fontSize }: WaysOptions): Figure {
  const height = Math.round(width >= wideFrom ? width * 0.7 : width);
  const names = key(
    ways.map(({ method }) => method),
    width - 56,
  );
  const rows = 1 + (names.at(-1)?.row ?? 0);
  const all = ways.flatMap(({ stops }) => stops);
  const x: Axis = { domain: domainOf(all.map(({ x }) => x.mean), [0, 100]), range: [40, width - 16] }; // prettier-ignore
  const y: Axis = { domain: domainOf(all.map(({ y }) => y.mean), [0, 100]), range: [height - 46, 34 + rows * 18] }; // prettier-ignore
  const marks: Markish[] = [
    ...planeAxes(width),
    ...ways.flatMap((way) => drawn(way, x, y)),
    notes(words, x, y, fontSize),
    ...keyMarks(names),
  ];
  return frame(title, ways.map(describe).join("; "), {
    ...canvas({ width, height, x, y }),
    color: { type: "identity" },
    marks,
  });
}

function drawn({ method, stops, line: strokeWidth, cross, radius, opacity, told }: Way, x: Axis, y: Axis): Markish[] {
  const { color: ink, symbol, label } = methodStyle(method);
  const place = { x: (stop: Stop) => stop.x.mean, y: (stop: Stop) => stop.y.mean };
  return [
    line(stops, { ...place, stroke: ink, strokeWidth, ...(opacity !== undefined && { strokeOpacity: opacity }) }),
    crosses(stops, x, y, ink, cross),
    dot(stops, {
      ...place,
      symbol,
      r: radius,
      fill: ink,
      stroke: color("paper"),
      title: (stop: Stop) => `${label}${told(stop)}: local ${plusMinus(stop.x)} %, global ${plusMinus(stop.y)} %`,
    }),
  ];
}

function notes(words: readonly Word[], x: Axis, y: Axis, fontSize: number): Markish {
  const wanted = words.map(({ method, text, stop }) => ({
    method,
    text,
    x: pixels(x, stop.x.mean),
    y: pixels(y, stop.y.mean),
  }));
  return text(placeNotes(wanted), {
    x: ({ labelX }) => valueAt(x, labelX),
    y: ({ labelY }) => valueAt(y, labelY),
    text: "text",
    fill: ({ method }) => methodStyle(method).color,
    stroke: color("paper"),
    strokeWidth: 3,
    fontSize,
  });
}

function describe({ method, stops }: Way): string {
  const at = ({ x, y }: Stop): string => `${fixed(x.mean)}/${fixed(y.mean)}`;
  const [first, last] = [stops[0], stops.at(-1)];
  const { label } = methodStyle(method);
  if (!first || !last) return label;
  return first === last ? `${label}: ${at(first)}` : `${label} from ${at(first)} to ${at(last)}`;
}

/** A method's name above a plot: how far from the left, and in which row. */
interface Name {
  readonly method: string;
  readonly left: number;
  readonly row: number;
}

/** Where methods' names go, in as many rows as they need. */
function key(methods: readonly string[], width: number): Name[] {
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
function keyMarks(names: readonly Name[]): Markish[] {
  return names.flatMap(({ method, left, row }) => {
    const { label, color: fill, symbol } = methodStyle(method);
    const place = { frameAnchor: "top-left", dy: -18 * (1 + (names.at(-1)?.row ?? 0) - row) } as const;
    return [
      dot([label], { ...place, dx: left + 5, symbol, r: 4.5, fill }),
      text([label], { ...place, dx: left + 14, text: [label], fill, fontWeight: 600, lineAnchor: "middle" }),
    ];
  });
}
