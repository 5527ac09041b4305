// The set-up as a form: a config in, a config out at every change. What makes no sense together is said by those who know;
// here only fields are known.
import { type Config, override } from "../../src/experiment/config.ts";
import { el } from "./element.ts";
import { type ChoiceField, type Field, type Group, groups, type NumberField } from "./fields.ts";

interface Control {
  readonly field: Field;
  readonly row: HTMLElement;
  read(): unknown;
  write(value: unknown): void;
}

export class Form {
  readonly #controls: Control[] = [];
  readonly #fieldset = el("fieldset", { class: "fields" });
  readonly #onChange: (config: unknown) => void;
  #config: Config | undefined;

  constructor(form: HTMLElement, onChange: (config: unknown) => void) {
    this.#onChange = onChange;
    form.addEventListener("submit", (event) => event.preventDefault());
    this.#fieldset.append(...groups.map((group) => this.#group(group)), this.#seed());
    form.append(this.#fieldset);
  }

  /** Shows a config. */
  show(config: Config): void {
    this.#config = config;
    for (const { field, row, write } of this.#controls) {
      row.hidden = field.when ? !field.when(config) : false;
      const value = valueAt(config, field.path);
      if (value !== undefined) write(value);
    }
  }

  /** Whether anything can be changed now. */
  enable(enabled: boolean): void {
    this.#fieldset.disabled = !enabled;
  }

  #change({ field, read }: Control): void {
    const value = read();
    if (!this.#config) return;
    this.#onChange(override(this.#config, field.path, value));
  }

  #group({ title, folded, fields }: Group): HTMLElement {
    const rows = fields.map((field) => this.#add(field));
    if (folded) return el("details", { class: "group" }, el("summary", {}, title), ...rows);
    return el("section", { class: "group" }, el("h3", {}, title), ...rows);
  }

  #add(field: Field): HTMLElement {
    const control = make(field, () => this.#change(control));
    this.#controls.push(control);
    return control.row;
  }

  #seed(): HTMLElement {
    const field: NumberField = { kind: "number", path: "seed", label: "Seed", min: 0, step: 1 };
    const row = this.#add(field);
    const another = el("button", { type: "button", class: "small", title: "The next seed" }, "Next");
    another.addEventListener("click", () => {
      if (this.#config) this.#onChange(override(this.#config, "seed", this.#config.seed + 1));
    });
    row.querySelector("input")?.before(another);
    return el(
      "section",
      { class: "group" },
      el("h3", {}, "Chance"),
      row,
      el("p", { class: "hint" }, "Same set-up and same seed: same numbers, here, on the command line, anywhere."),
    );
  }
}

function make(field: Field, changed: () => void): Control {
  if (field.kind === "choice") return choice(field, changed);
  if (field.kind === "check") {
    const input = el("input", { type: "checkbox", onchange: changed, name: field.path });
    const row = el("div", { class: "field check" }, el("label", {}, input, el("span", {}, field.label)), hint(field));
    return { field, row, read: () => input.checked, write: (value) => void (input.checked = value === true) };
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

function valueAt(config: Config, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config);
}
