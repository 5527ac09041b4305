// The methods' means over the clients that are done.
import { methodOrder, methodStyle } from "../../src/report/methods.ts";
import { plusMinus } from "../../src/report/numbers.ts";
import { stat } from "../../src/report/stat.ts";
import type { ClientMetric } from "../../src/report/metrics.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import { type Measure, measureOf } from "./measure.ts";
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
    const columns = columnsOf(measureOf(this.#notebook.data));
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
        ...columns.map(({ of, digits }) =>
          el("td", {}, plusMinus(stat(own.map((record) => record[of] ?? NaN)), digits)),
        ),
      );
    });
    const head = ["Method", ...columns.map(({ label }) => label)].map((label) => el("th", { scope: "col" }, label));
    this.#place.replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
  }
}

interface Column {
  readonly label: string;
  readonly of: "localTest" | "globalTest" | "localRmse" | "globalRmse" | "localMae" | "globalMae";
  readonly digits: number;
}

// of labels the test alone, of numbers how far off they are, too
function columnsOf({ name, figures }: Measure): Column[] {
  if (name === "accuracy" || !figures)
    return [
      { label: "Local test", of: "localTest", digits: 1 },
      { label: "Global test", of: "globalTest", digits: 1 },
    ];
  return [figures.test, ...figures.beside].flatMap(({ label, local, global, digits }) => [
    { label: `Local ${label}`, of: local as Column["of"], digits },
    { label: `Global ${label}`, of: global as Column["of"], digits },
  ]);
}
