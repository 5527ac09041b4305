// One field of a form as a control: what is shown, what it reads and what it is set to, and what is wrong with it. Every label names its
// control by id: an output or a button in a label would take its place.
import { el } from "./element.ts";
import type { CheckField, ChoiceField, Field, NumberField } from "./fields.ts";
import { rangeOf } from "./limits.ts";

export interface Control {
  readonly field: Field;
  readonly row: HTMLElement;
  /** What takes the focus. */
  readonly input: HTMLElement;
  read(): unknown;
  write(value: unknown): void;
  /** Says at the field what is wrong with it; an empty text says that nothing is. */
  mark(problem: string): void;
}

let made = 0;

interface Made {
  readonly row: HTMLElement;
  readonly input: HTMLInputElement | HTMLSelectElement;
  readonly read: () => unknown;
  readonly write: (value: unknown) => void;
}

/** The control of a field; `changed` hears of every change by the reader. */
export function controlOf(field: Field, changed: () => void): Control {
  const id = `field-${++made}`;
  const { row, input, read, write } = makers[field.kind](field as never, id, changed);
  const [hint, problem] = [`${id}-hint`, `${id}-problem`];
  if (field.hint) row.append(el("p", { class: "hint", id: hint }, field.hint));
  const said = el("p", { class: "wrong", id: problem, hidden: true });
  row.append(said);
  const mark = (text: string): void => {
    said.textContent = text;
    said.hidden = text === "";
    row.classList.toggle("refused", text !== "");
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    const described = [field.hint ? hint : "", text ? problem : ""].filter(Boolean).join(" ");
    if (described) input.setAttribute("aria-describedby", described);
    else input.removeAttribute("aria-describedby");
  };
  mark("");
  return { field, row, input, read, write, mark };
}

const makers = {
  check: (field: CheckField, id: string, changed: () => void): Made => {
    const input = el("input", { type: "checkbox", onchange: changed, name: field.path, id });
    const row = el("div", { class: "field check" }, el("label", { for: id }, input, el("span", {}, field.label)));
    const { on } = field;
    const read = on ? () => (input.checked ? on : undefined) : () => input.checked;
    const write = (value: unknown): void => void (input.checked = on ? value !== undefined : value === true);
    return { row, input, read, write };
  },
  choice: (field: ChoiceField, id: string, changed: () => void): Made => {
    const options = field.choices.map(([value, label]) => el("option", { value }, label));
    const input = el("select", { onchange: changed, name: field.path, id }, ...options);
    const row = el("div", { class: "field choice" }, el("label", { for: id }, field.label), input);
    return { row, input, read: () => input.value, write: (value) => void (input.value = String(value)) };
  },
  slider: (field: NumberField, id: string, changed: () => void): Made => {
    const { min, max, step, write: text = String } = field;
    const output = el("output", { for: id, "aria-hidden": "true" });
    const input = el("input", { type: "range", min, max, step, name: field.path, id, oninput: () => changed() });
    const row = el("div", { class: "field slider" }, el("label", { for: id }, field.label), output, input);
    const write = (value: unknown): void => {
      input.value = String(value);
      output.textContent = text(Number(value));
      input.setAttribute("aria-valuetext", output.textContent);
    };
    return { row, input, read: () => Number(input.value), write };
  },
  number: (field: NumberField, id: string, changed: () => void): Made => {
    const { min, max, step } = field;
    const title = rangeOf(field);
    const attributes = { type: "number", min, max, step, name: field.path, id, title, inputmode: "decimal" };
    const input = el("input", { ...attributes, onchange: changed });
    const row = el("div", { class: "field number" }, el("label", { for: id }, field.label), input);
    return { row, input, read: () => input.valueAsNumber, write: (value) => void (input.value = String(value)) };
  },
};
