// One field of a form as a control: what is shown, what it reads and what it is set to. Every label is bound to its control.
import { el } from "./element.ts";
import type { ChoiceField, Field, NumberField } from "./fields.ts";

export interface Control {
  readonly field: Field;
  readonly row: HTMLElement;
  read(): unknown;
  write(value: unknown): void;
}

/** The control of a field; `changed` hears of every change by the reader. */
export function controlOf(field: Field, changed: () => void): Control {
  if (field.kind === "choice") return choice(field, changed);
  if (field.kind === "check") {
    const input = el("input", { type: "checkbox", onchange: changed, name: field.path });
    const row = el("div", { class: "field check" }, el("label", {}, input, el("span", {}, field.label)), hint(field));
    const { on } = field;
    const read = on ? () => (input.checked ? on : undefined) : () => input.checked;
    const write = (value: unknown): void => void (input.checked = on ? value !== undefined : value === true);
    return { field, row, read, write };
  }
  return field.kind === "slider" ? slider(field, changed) : number(field, changed);
}

function choice(field: ChoiceField, changed: () => void): Control {
  const options = field.choices.map(([value, label]) => el("option", { value }, label));
  const select = el("select", { onchange: changed, name: field.path }, ...options);
  const row = el("div", { class: "field choice" }, el("label", {}, el("span", {}, field.label), select), hint(field));
  return { field, row, read: () => select.value, write: (value) => void (select.value = String(value)) };
}

function slider(field: NumberField, changed: () => void): Control {
  const { min, max, step, write: text = String } = field;
  const output = el("output");
  const input = el("input", { type: "range", min, max, step, name: field.path, oninput: () => changed() });
  const row = el(
    "div",
    { class: "field slider" },
    el("label", {}, el("span", {}, field.label), output, input),
    hint(field),
  );
  const write = (value: unknown): void => {
    input.value = String(value);
    output.textContent = text(Number(value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  return { field, row, read: () => Number(input.value), write };
}

function number(field: NumberField, changed: () => void): Control {
  const { min, max, step } = field;
  const input = el("input", {
    type: "number",
    min,
    max,
    step,
    name: field.path,
    onchange: changed,
    inputmode: "decimal",
  });
  const row = el("div", { class: "field number" }, el("label", {}, el("span", {}, field.label), input), hint(field));
  return { field, row, read: () => input.valueAsNumber, write: (value) => void (input.value = String(value)) };
}

function hint({ hint }: Field): HTMLElement | null {
  return hint ? el("p", { class: "hint" }, hint) : null;
}
