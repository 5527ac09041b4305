// A row of a table as a form: a number or a word for every column that models go by.
import type { ColumnSketch } from "../table.ts";
import { el } from "./element.ts";

// of as many words a menu has them all
const menu = 100;

interface Cell {
  readonly input: HTMLInputElement | HTMLSelectElement;
  readonly said: HTMLElement;
  readonly column: ColumnSketch;
}

export class RowForm {
  readonly element: HTMLElement;
  readonly #cells: readonly Cell[];
  readonly #changed: (cells: string[]) => void;

  /** @param changed hears of every row that can be asked about */
  constructor(columns: readonly ColumnSketch[], changed: (cells: string[]) => void) {
    this.#changed = changed;
    this.#cells = columns.map((column, i) => {
      const id = `cell-${i}`;
      const oninput = (): void => this.#read();
      const input = inputFor(column, { id, oninput, "aria-describedby": `${id}-problem` });
      return { input, column, said: el("span", { class: "wrong", id: `${id}-problem`, hidden: true }) };
    });
    this.element = el(
      "div",
      { class: "row-form", role: "group", "aria-label": "The row that is asked about" },
      ...this.#cells.map(({ input, said, column }) =>
        el("div", { class: "field number" }, el("label", { for: input.id }, column.name), input, said),
      ),
    );
  }

  /** Shows a row; a gap is an empty cell. */
  show(cells: readonly string[]): void {
    this.#cells.forEach(({ input }, i) => (input.value = cells[i] ?? ""));
    for (const cell of this.#cells) mark(cell, "");
  }

  #read(): void {
    const problems = this.#cells.map((cell) => problemOf(cell));
    this.#cells.forEach((cell, i) => mark(cell, problems[i]!));
    if (problems.every((problem) => problem === "")) this.#changed(this.#cells.map(({ input }) => input.value));
  }
}

function inputFor(
  { holds, values, distinct, gaps }: ColumnSketch,
  attributes: Record<string, string | (() => void)>,
): Cell["input"] {
  if (holds === "numbers") return el("input", { ...attributes, type: "number", step: "any", inputmode: "decimal" });
  if (distinct > menu) return el("input", { ...attributes, type: "text" });
  const words = gaps > 0 ? ["", ...values] : values;
  return el("select", attributes, ...words.map((value) => el("option", { value }, value || "(nothing)")));
}

function problemOf({ input, column }: Cell): string {
  if (column.holds === "words") return "";
  // what is no number reads as nothing
  const isBad = input instanceof HTMLInputElement && input.validity.badInput;
  return isBad || (input.value === "" && column.gaps === 0) ? "Give a number." : "";
}

function mark({ input, said }: Cell, problem: string): void {
  said.textContent = problem;
  said.hidden = problem === "";
  if (problem) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}
