// How models look in the page's own drawings: the report's colours and symbols, as paths of about equal area.
import { methodStyle } from "../../src/report/methods.ts";
import type { Model } from "./notebook.ts";
import { el, svg } from "./element.ts";

const shapes: Readonly<Record<Model, string>> = {
  fedavg: "M-4.6-4.6h9.2v9.2h-9.2z",
  finetuned: "M0-6.8L5 0L0 6.8L-5 0z",
  local: "M0-6.2L6 4.2H-6z",
  mixture: "M5.2 0A5.2 5.2 0 1 1-5.2 0A5.2 5.2 0 1 1 5.2 0z",
};

/** What a model is called while it stands for a client. */
export const modelNames: Readonly<Record<Model, string>> = {
  fedavg: "copy of the generalist",
  finetuned: "fine-tuned",
  local: "trained alone",
  mixture: "mixture",
};

/** Path of a model's symbol around 0, 0. */
export function shapeOf(model: Model): string {
  return shapes[model];
}

/** A model's colour. */
export function inkOf(model: string): string {
  return methodStyle(model).color;
}

/** A symbol that stands in a line of text. */
export function inlineMark(model: Model, hollow = false): SVGElement {
  const ink = inkOf(model);
  return svg(
    "svg",
    { class: "mark", viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" },
    svg("path", {
      d: shapeOf(model),
      style: hollow ? `fill: var(--moiety-paper); stroke: ${ink}; stroke-width: 1.6` : `fill: ${ink}`,
    }),
  );
}

/** What the symbols mean, in a line. */
export function legend(place: HTMLElement): void {
  const models: readonly Model[] = ["fedavg", "finetuned", "local", "mixture"];
  place.append(
    ...models.map((model) => el("span", {}, inlineMark(model), modelNames[model])),
    el("span", {}, inlineMark("mixture", true), "hollow: opted out"),
  );
}
