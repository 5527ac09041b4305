// Places of the page where it is said what is wrong with them.
import { el } from "./element.ts";

/** A field of whatever kind, and what is wrong with it. */
export interface Marked {
  readonly field: { readonly path: string; readonly label: string };
  /** What the reader is led to. */
  readonly row: HTMLElement;
  /** Says what is wrong; an empty text says that nothing is. */
  mark(problem: string): void;
}

/** Marks a row that has no field of the form's in it; `said` is where the words stand, which describe the input. */
export function markedAt(
  field: Marked["field"],
  row: HTMLElement,
  input: HTMLElement,
): Marked & { readonly said: HTMLElement } {
  const id = `${field.path.replaceAll(".", "-")}-problem`;
  const said = el("p", { class: "wrong", id, hidden: true });
  const mark = (problem: string): void => {
    said.textContent = problem;
    said.hidden = problem === "";
    row.classList.toggle("refused", problem !== "");
    if (problem) input.setAttribute("aria-describedby", id);
    else input.removeAttribute("aria-describedby");
  };
  return { field, row, mark, said };
}
