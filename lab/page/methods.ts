// The methods' means over the clients that are done.
import { methodOrder, methodStyle } from "../../src/report/methods.ts";
import { plusMinus } from "../../src/report/numbers.ts";
import { stat } from "../../src/report/stat.ts";
import type { ClientMetric } from "../../src/report/metrics.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import type { Notebook } from "./notebook.ts";

export class MethodsView implements View {
  readonly every = 300;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;

  constructor(place: HTMLElement, notebook: Notebook) {
    this.#place = place;
    this.#notebook = notebook;
  }

  draw(): void {
    const records = this.#notebook.results() as ClientMetric[];
    const methods = methodOrder(records.map(({ method }) => method));
    if (methods.length === 0)
      return this.#place.replaceChildren(el("p", { class: "placeholder" }, "After the first client is done."));
    const marked = new Set(this.#notebook.models);
    const rows = methods.map((method) => {
      const own = records.filter((record) => record.method === method);
      return el(
        "tr",
        { class: `method-${method}` },
        el(
          "th",
          { scope: "row" },
          marked.has(method) ? inlineMark(method) : el("i", { class: "mark" }),
          methodStyle(method).label,
        ),
        el("td", {}, plusMinus(stat(own.map(({ localTest }) => localTest)))),
        el("td", {}, plusMinus(stat(own.map(({ globalTest }) => globalTest)))),
      );
    });
    const head = ["Method", "Local test", "Global test"].map((label) => el("th", { scope: "col" }, label));
    this.#place.replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
  }
}
