// How models look in the page's own drawings: the report's colours and symbols, as paths of about equal area.
import { methodStyle } from "../../src/report/methods.ts";
import type { Model } from "./notebook.ts";
import { el, svg } from "./element.ts";

const shapes: Readonly<Record<string, string>> = {
  fedavg: "M-4.6-4.6h9.2v9.2h-9.2z",
  finetuned: "M0-6.8L5 0L0 6.8L-5 0z",
  local: "M0-6.2L6 4.2H-6z",
  mixture: "M5.2 0A5.2 5.2 0 1 1-5.2 0A5.2 5.2 0 1 1 5.2 0z",
};

// of the others, by the symbol that figures draw them with
const symbols: Readonly<Record<string, string>> = {
  square2: "M-4-4h8v8h-8zM-1.6-1.6v3.2h3.2v-3.2z",
  triangle2: "M0-6.2L6 4.2H-6z",
  diamond2: "M0-5.6L5.6 0L0 5.6L-5.6 0z",
  wye: "M-1.7 6V1L-5.6-1.4L-3.9-4.3L0-2L3.9-4.3L5.6-1.4L1.7 1V6z",
  star: "M0-6.6L1.6-2.1H6.3L2.6.8L3.9 5.4L0 2.7L-3.9 5.4L-2.6.8L-6.3-2.1H-1.6z",
  cross: "M-2-5.6h4v3.6h3.6v4h-3.6v3.6h-4v-3.6h-3.6v-4h3.6z",
  hexagon: "M0-5.8L5-2.9V2.9L0 5.8L-5 2.9V-2.9z",
};

const named: Readonly<Record<string, string>> = {
  fedavg: "copy of the generalist",
  finetuned: "fine-tuned",
  local: "trained alone",
  mixture: "mixture",
};

/** What a model is called while it stands for a client. */
export function modelName(model: Model): string {
  return named[model] ?? model;
}

/** Path of a model's symbol around 0, 0. */
export function shapeOf(model: Model): string {
  return shapes[model] ?? symbols[String(methodStyle(model).symbol)] ?? shapes["mixture"]!;
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
export function legend(place: HTMLElement, models: readonly Model[]): void {
  const order = ["fedavg", "finetuned", "local", "mixture"];
  const shown = [...order, ...models.filter((model) => !order.includes(model))];
  place.replaceChildren(
    ...shown.map((model) => el("span", {}, inlineMark(model), modelName(model))),
    el("span", {}, inlineMark("mixture", true), "hollow: opted out"),
  );
}
