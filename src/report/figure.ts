// From a figure's options to SVG text. The text is written here and not by the document, because a small document gets
// the case of names and the escaping wrong for a file of its own: this is valid as XML and inside a page.
import { plot } from "./plot.ts";
import type { PlotOptions } from "@observablehq/plot";
import type { Figure } from "./figures/axis.ts";
import { themeCss } from "./theme.ts";

/** The SVG of a figure, to stand inside a page that brings the theme's variables. */
export function figureSvg(figure: Figure, document: Document): string {
  return drawn(figure, document, "", "");
}

/** The SVG of a figure as a file of its own: with namespace and theme, on paper. */
export function figureFile(figure: Figure, document: Document): string {
  const style = `<style>${themeCss} svg { background: var(--moiety-paper); color: var(--moiety-ink); }</style>`;
  const svg = drawn(figure, document, ' xmlns="http://www.w3.org/2000/svg"', style);
  // a group a line, so that versions can be compared
  return `${svg.replaceAll("<g", "\n<g").replace("</svg>", "\n</svg>")}\n`;
}

function drawn(figure: Figure, document: Document, namespace: string, style: string): string {
  const svg = plot({ ...(figure as PlotOptions), document });
  // Plot's own style sheet is for pages without one
  svg.querySelector("style")?.remove();
  const attributes = serializeAttributes(svg);
  return `<svg${namespace} role="img"${attributes}>${style}${serializeChildren(svg)}</svg>`;
}

function serializeChildren(node: Node): string {
  return Array.from(node.childNodes, (child) => {
    if (child.nodeType === 3) return escape(child.textContent ?? "");
    if (!isElement(child)) return "";
    const { localName: name } = child;
    const content = serializeChildren(child);
    return content
      ? `<${name}${serializeAttributes(child)}>${content}</${name}>`
      : `<${name}${serializeAttributes(child)}/>`;
  }).join("");
}

function serializeAttributes(element: Element): string {
  const sorted = Array.from(element.attributes).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ name, value }) => ` ${name}="${escape(geometry.has(name) ? rounded(value) : value)}"`).join("");
}

// a hundredth of a pixel is enough for every eye and keeps reports small
const geometry: ReadonlySet<string> = new Set("x y x1 x2 y1 y2 cx cy r d width height transform points".split(" "));

function rounded(value: string): string {
  return value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100 || 0));
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function isElement(node: Node): node is Element {
  return node.nodeType === 1;
}
