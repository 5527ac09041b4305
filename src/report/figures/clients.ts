// Who gains and who is harmed: every client's own local model against its mixture, sorted by the gain. Each bar has the
// colour of the model that is better for this client.
import { axisX, axisY, barX, dot, gridX, link, text } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import { methodStyle } from "../methods.ts";
import { fixed, signed } from "../numbers.ts";
import { pairClients } from "../pairs.ts";
import type { Pair } from "../pairs.ts";
import type { Metric } from "../metrics.ts";
import { color } from "../theme.ts";
import { frame, gridStyle } from "./frame.ts";
import { domainOf, wideFrom } from "./axis.ts";
import type { Axis, Figure, FigureOptions } from "./axis.ts";

/** Which two methods to compare, and on which test. */
export interface ClientsOptions extends FigureOptions {
  /** The method that gains are over; `local` unless said. */
  readonly from?: string;
  /** The method that gains are of; `mixture` unless said. */
  readonly to?: string;
  /** Which test; the local one unless said. */
  readonly test?: "localTest" | "globalTest";
}

// beyond this many clients a row is too thin for words
const namedRows = 48;

/** One row per client: from one method's accuracy to the other's, largest gain first; opted-out clients are shaded. */
export function clientGains(
  metrics: readonly Metric[],
  { width = 640, from = "local", to = "mixture", test = "localTest" }: ClientsOptions = {},
): Figure {
  const wide = width >= wideFrom;
  const pairs = pairClients(metrics, from, to).toSorted((a, b) => gain(b, test) - gain(a, test) || a.client - b.client);
  const named = pairs.length <= namedRows;
  const rowHeight = named ? 17 : Math.max(3, Math.floor(600 / Math.max(1, pairs.length)));
  const range: [number, number] = [named ? (wide ? 126 : 74) : 28, width - (named ? 46 : 16)];
  const values = pairs.flatMap((pair) => [pair.from[test], pair.to[test]]);
  const x: Axis = { domain: domainOf(values, [0, 100]), range };
  const marginTop = 56;
  const marginBottom = 46;

  const name = ({ client, optedOut }: Pair): string =>
    `${wide ? "client " : ""}${client}${optedOut ? (wide ? ", opted out" : ", out") : ""}`;
  const place = new Map(pairs.map(({ client }, i) => [client, i]));
  const y = ({ client }: Pair): number => place.get(client) ?? 0;
  const ink = (pair: Pair): string => methodStyle(gain(pair, test) < 0 ? from : to).color;
  const title = (pair: Pair): string =>
    `client ${pair.client}${pair.optedOut ? " (opted out)" : ""}: ${methodStyle(from).label} ${fixed(pair.from[test])} %, ` +
    `${methodStyle(to).label} ${fixed(pair.to[test])} %`;

  const marks: Markish[] = [
    barX(
      pairs.filter(({ optedOut }) => optedOut),
      { x1: x.domain[0], x2: x.domain[1], y, fill: color("shade"), insetLeft: -range[0], insetRight: range[1] - width },
    ),
    gridX({ ...gridStyle, ticks: wide ? 8 : 5 }),
    axisX({
      ticks: wide ? 8 : 5,
      tickSize: 0,
      label: `${test === "localTest" ? "Local" : "Global"} test accuracy (%)`,
    }),
    named
      ? axisY({ tickSize: 0, tickFormat: (i: number) => (pairs[i] ? name(pairs[i]) : ""), label: null })
      : axisY({ ticks: [], label: `${pairs.length} clients, by gain`, labelAnchor: "center", labelArrow: "none" }),
    link(pairs, {
      x1: (pair: Pair) => pair.from[test],
      x2: (pair: Pair) => pair.to[test],
      y1: y,
      y2: y,
      stroke: ink,
      strokeWidth: Math.min(3, rowHeight - 1),
      title,
    }),
    ends(pairs, from, (pair) => pair.from[test], y, rowHeight, title),
    ends(pairs, to, (pair) => pair.to[test], y, rowHeight, title),
  ];
  if (named) {
    const change = { frameAnchor: "right", dx: 40, y, textAnchor: "end", fontVariant: "tabular-nums" } as const;
    marks.push(text(pairs, { ...change, text: (pair: Pair) => signed(gain(pair, test)), fill: ink, fontWeight: 600 }));
  }
  return frame(
    `${methodStyle(to).label} against ${methodStyle(from).label.toLowerCase()} model, client by client`,
    tally(pairs, test, from),
    {
      width,
      height: marginTop + marginBottom + Math.max(1, pairs.length) * rowHeight,
      marginTop,
      marginBottom,
      marginLeft: range[0],
      marginRight: width - range[1],
      x: { type: "linear", ...x },
      // no null-safe way to say "no clients yet" to a band scale than one empty row
      y: { type: "band", domain: pairs.length ? pairs.map(y) : [0], padding: 0 },
      color: { type: "identity" },
      marks: [...marks, ...key(from, to)],
    },
  );
}

/** `17 of 20 clients gain, 2 are harmed, 1 is even`. */
export function tally(pairs: readonly Pair[], test: "localTest" | "globalTest", from: string): string {
  const gains = pairs.filter((pair) => gain(pair, test) > 0).length;
  const harms = pairs.filter((pair) => gain(pair, test) < 0).length;
  const even = pairs.length - gains - harms;
  return (
    `${gains} of ${pairs.length} clients gain over ${methodStyle(from).label}, ${are(harms)} harmed` +
    (even ? `, ${are(even)} even` : "")
  );
}

function are(count: number): string {
  return count === 1 ? "1 is" : `${count} are`;
}

function gain(pair: Pair, test: "localTest" | "globalTest"): number {
  return pair.to[test] - pair.from[test];
}

function ends(
  pairs: readonly Pair[],
  method: string,
  x: (pair: Pair) => number,
  y: (pair: Pair) => number,
  rowHeight: number,
  title: (pair: Pair) => string,
): Markish {
  const { color: fill, symbol } = methodStyle(method);
  return dot(pairs, { x, y, symbol, r: Math.min(4.5, rowHeight / 2), fill, stroke: color("paper"), strokeWidth: 0.75, title }); // prettier-ignore
}

// the two symbols, named once above the rows
function key(from: string, to: string): Markish[] {
  const entries = [from, to].map((method, i) => ({ ...methodStyle(method), dx: i * 90 }));
  return entries.flatMap(({ label, color: fill, symbol, dx }) => [
    dot([label], { frameAnchor: "top-left", dx: dx + 5, dy: -40, symbol, r: 4.5, fill }),
    text([label], {
      frameAnchor: "top-left",
      dx: dx + 14,
      dy: -40,
      text: [label],
      fill,
      fontWeight: 600,
      lineAnchor: "middle",
      textAnchor: "start",
    }),
  ]);
}
