// The page every report stands on: one file without scripts, fonts or links, light and dark, from phone to print.
import { html, raw } from "./html.ts";
import type { Html, HtmlPart } from "./html.ts";
import { figureSvg } from "./figure.ts";
import type { Figure, FigureOptions } from "./figures/axis.ts";
import { themeCss } from "./theme.ts";

/** A whole document as text. */
export function page(title: string, body: HtmlPart): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${raw(`${themeCss}\n${css}`)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.html;
}

/** A figure with its caption, drawn once for wide and once for narrow screens; the page shows one of the two. */
export function figure(
  draw: (options: FigureOptions) => Figure,
  caption: HtmlPart,
  document: Document,
  { wide = 680, narrow = 340 }: { readonly wide?: number; readonly narrow?: number } = {},
): Html {
  const wideFigure = draw({ width: wide });
  return html`<figure>
    <h3>${wideFigure.ariaLabel ?? ""}</h3>
    <div class="wide">${raw(figureSvg(wideFigure, document))}</div>
    <div class="narrow">${raw(figureSvg(draw({ width: narrow }), document))}</div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}

/**
 * A table under its caption; the first column is text, all others are numbers. What is wider than the text spreads over the
 * page, and then scrolls by itself.
 */
export function table(caption: string, header: readonly HtmlPart[], rows: readonly (readonly HtmlPart[])[]): Html {
  return html`<p class="caption">${caption}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table>
        <thead>
          <tr>
            ${header.map((cell) => html`<th scope="col">${cell}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(tableRow)}
        </tbody>
      </table>
    </div>`;
}

function tableRow([first, ...rest]: readonly HtmlPart[]): Html {
  return html`<tr>
    <th scope="row">${first ?? null}</th>
    ${rest.map((cell) => html`<td>${cell}</td>`)}
  </tr> `;
}

const css = `
* { box-sizing: border-box; }
body { margin: 0; background: var(--moiety-paper); color: var(--moiety-ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 728px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 1.15rem; margin: 40px 0 8px; padding-top: 16px; border-top: 1px solid var(--moiety-line); }
h3 { font-size: 1rem; font-weight: 600; margin: 0 0 10px; }
p { margin: 8px 0; }
.quiet, figcaption, .caption { color: var(--moiety-quiet); }
.lead { font-size: 1.125rem; line-height: 1.5; margin: 20px 0; }
.number { font-weight: 600; white-space: nowrap; font-variant-numeric: tabular-nums; }
figure { margin: 28px 0; }
figcaption, .caption { font-size: 0.875rem; line-height: 1.45; }
figcaption { margin-top: 8px; }
.caption { margin: 24px 0 4px; }
.moiety-figure { display: block; max-width: 100%; height: auto; --plot-background: var(--moiety-paper); }
.moiety-figure text { white-space: pre; }
.narrow { display: none; }
.scroll {
  overflow-x: auto; margin: 0 0 24px; position: relative; left: 50%; transform: translateX(-50%);
  width: max-content; min-width: 100%; max-width: min(1120px, 100vw - 48px);
}
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.9375rem; }
th, td { padding: 6px 0 6px 16px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--moiety-line); }
th:first-child { text-align: left; padding-left: 0; }
thead th { font-weight: 600; white-space: normal; vertical-align: bottom; border-bottom-color: var(--moiety-quiet); }
tbody th { font-weight: 400; }
.swatch { display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.55em; border-radius: 2px; }
pre { background: var(--moiety-shade); border-radius: 6px; padding: 12px 14px; margin: 12px 0; overflow-x: auto; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
.hash { overflow-wrap: anywhere; }
details { margin: 12px 0; }
summary { cursor: pointer; }
:focus-visible { outline: 2px solid var(--moiety-mixture); outline-offset: 2px; }
@media (max-width: 700px) {
  main { padding: 24px 10px 48px; }
  .scroll { max-width: 100%; }
  h1 { font-size: 1.35rem; }
  .wide { display: none; }
  .narrow { display: block; }
  th, td { padding-left: 10px; }
  table { font-size: 0.875rem; }
}
@media print {
  figure, .scroll { break-inside: avoid; }
}
`;
