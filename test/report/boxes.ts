// Where a drawn figure's texts and symbols are, in its own pixels: enough to say what leaves it and what covers what.
import { figureSvg } from "../../src/report/figure.ts";
import { openDocument } from "../../src/report/document.ts";
import { parseHTML } from "linkedom";

export interface Box {
  readonly what: string;
  /** Which group of Plot's it is in: "text", "x-axis tick label", "dot". */
  readonly group: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly Box[];
  /** The large symbols that stand for a mean or the round that was kept. */
  readonly means: readonly Box[];
}

// of system-ui at 12 px, by class of letter; bold is a tenth wider
const narrow = /[ijltfrI.,:;'|()[\] !-]/;
const broad = /[mwMW%@]/;

/** About how wide a text is drawn. */
export function widthOf(text: string, bold: boolean): number {
  const plain = [...text].reduce((sum, letter) => sum + (narrow.test(letter) ? 3.6 : broad.test(letter) ? 10 : 6.7), 0);
  return bold ? plain * 1.08 : plain;
}

const document = await openDocument();

/** Draws a figure and measures it. */
export function drawn(figure: Parameters<typeof figureSvg>[0]): Drawn {
  const page = parseHTML(`<html><body>${figureSvg(figure, document)}</body></html>`).document;
  const svg = page.querySelector("svg")!;
  const texts: Box[] = [];
  const means: Box[] = [];
  const visit = (element: Element, x: number, y: number, style: Style): void => {
    const [dx, dy] = shift(element);
    [x, y] = [x + dx, y + dy];
    const own: Style = {
      group: element.getAttribute("aria-label") ?? style.group,
      anchor: element.getAttribute("text-anchor") ?? style.anchor,
      bold: element.hasAttribute("font-weight") ? Number(element.getAttribute("font-weight")) >= 600 : style.bold,
      size: Number(element.getAttribute("font-size") ?? style.size),
    };
    if (element.localName === "text") texts.push(textBox(element, x, y, own));
    else if (element.localName === "path" && own.group === "dot") {
      const box = pathBox(element.getAttribute("d") ?? "", x, y, own.group);
      if (box.right - box.left > 12) means.push(box);
    } else for (const child of element.children) visit(child, x, y, own);
  };
  for (const child of svg.children) visit(child, 0, 0, { group: "", anchor: "middle", bold: false, size: 12 });
  return { width: Number(svg.getAttribute("width")), height: Number(svg.getAttribute("height")), texts, means };
}

interface Style {
  readonly group: string;
  readonly anchor: string;
  readonly bold: boolean;
  readonly size: number;
}

function textBox(element: Element, x: number, y: number, { group, anchor, bold, size }: Style): Box {
  const what = element.textContent ?? "";
  // an axis label has its arrow, and a text of several lines is as wide as the widest
  const width = (Math.max(...what.split("\n").map((line) => widthOf(line, bold))) * size) / 12;
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  const ems = /^(-?[\d.]+)em$/.exec(element.getAttribute("dy") ?? element.getAttribute("y") ?? "")?.[1];
  // letters stand on their line; Plot moves it by ems
  const middle = y + Number(ems ?? 0) * size - 0.32 * size;
  return { what, group, left, right: left + width, top: middle - size / 2, bottom: middle + size / 2 };
}

function pathBox(path: string, x: number, y: number, group: string): Box {
  const numbers = [...path.matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number));
  const reach = Math.max(0, ...numbers.map(Math.abs).filter((n) => n < 40));
  return { what: "mean", group, left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

function shift(element: Element): [number, number] {
  const [, x = 0, y = 0] = /translate\((-?[\d.]+)(?:[, ]+(-?[\d.]+))?\)/.exec(element.getAttribute("transform") ?? "") ?? []; // prettier-ignore
  return [Number(x), Number(y)];
}

/** By how many pixels two boxes lie over each other, the smaller of the two ways; 0 where they do not. */
export function overlap(a: Box, b: Box): number {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, Math.min(across, down));
}
