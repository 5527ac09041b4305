// A figure of the report, drawn again as records come: at its place's width, with a line of text while there is nothing.
import { plot, type PlotOptions } from "@observablehq/plot";
import type { Figure } from "../../src/report/figures/axis.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";

export interface FigureViewOptions {
  /** The figure at a width in pixels; undefined while there is nothing to draw. */
  readonly figure: (width: number) => Figure | undefined;
  readonly empty: string;
  readonly every?: number;
  /** Height of the empty place over its width. */
  readonly ratio?: number;
}

/** A drawn figure, which is told by its description: what it is made of says nothing by itself. */
export function picture(options: Figure): SVGElement | HTMLElement {
  const drawn = plot(options as PlotOptions);
  drawn.setAttribute("role", "img");
  // Plot's names of its marks are for nobody: a group without a role may have none
  for (const group of drawn.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  return drawn;
}

export class FigureView implements View {
  readonly every: number;
  readonly #place: HTMLElement;
  readonly #options: FigureViewOptions;

  constructor(place: HTMLElement, options: FigureViewOptions) {
    this.#place = place;
    this.#options = options;
    this.every = options.every ?? 400;
  }

  draw(): void {
    const { figure, empty, ratio = 0.5 } = this.#options;
    const width = Math.max(260, Math.floor(this.#place.clientWidth));
    const drawn = figure(width);
    if (drawn) this.#place.replaceChildren(picture(drawn));
    else
      this.#place.replaceChildren(
        el("p", { class: "placeholder", style: `min-height: ${Math.round(width * ratio)}px` }, empty),
      );
  }
}
