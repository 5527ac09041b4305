// The set-up as a form: a config in, a config out at every change. What makes no sense together is said by those who know;
// here only fields are known.
import { type Config, override } from "../../src/experiment/config.ts";
import { type Control, controlOf } from "./control.ts";
import { el } from "./element.ts";
import { type Field, type Group, groups, type NumberField } from "./fields.ts";
import { MethodPicker } from "./picker.ts";

export class Form {
  readonly #controls: Control[] = [];
  readonly #fieldset = el("fieldset", { class: "fields" });
  readonly #onChange: (config: unknown) => void;
  readonly #picker = new MethodPicker((methods) => {
    if (!this.#config) return;
    const { methods: _, ...rest } = this.#config;
    this.#onChange(methods ? { ...rest, methods } : rest);
  });
  #config: Config | undefined;

  constructor(form: HTMLElement, onChange: (config: unknown) => void) {
    this.#onChange = onChange;
    form.addEventListener("submit", (event) => event.preventDefault());
    const [clients, sharing, ...more] = groups.map((group) => this.#group(group)) as [HTMLElement, HTMLElement];
    this.#fieldset.append(clients, sharing, this.#picker.element, ...more, this.#seed());
    form.append(this.#fieldset);
  }

  /** Shows a config. */
  show(config: Config): void {
    this.#config = config;
    this.#picker.show(config);
    for (const { field, row, write } of this.#controls) {
      row.hidden = field.when ? !field.when(config) : false;
      const value = valueAt(config, field.path);
      // a field that a config need not have says so by its absence
      if (value !== undefined || (field.kind === "check" && field.on)) write(value);
    }
  }

  /** Whether anything can be changed now. */
  enable(enabled: boolean): void {
    this.#fieldset.disabled = !enabled;
  }

  #change({ field, read }: Control): void {
    const value = read();
    if (!this.#config) return;
    if (value !== undefined) return this.#onChange(override(this.#config, field.path, value));
    const { [field.path as "posterior"]: _, ...rest } = this.#config;
    this.#onChange(rest);
  }

  #group({ title, folded, fields }: Group): HTMLElement {
    const rows = fields.map((field) => this.#add(field));
    if (folded) return el("details", { class: "group" }, el("summary", {}, title), ...rows);
    return el("section", { class: "group" }, el("h3", {}, title), ...rows);
  }

  #add(field: Field): HTMLElement {
    const control: Control = controlOf(field, () => this.#change(control));
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

function valueAt(config: Config, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config);
}
