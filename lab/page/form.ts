// The set-up as a form: a config in, a config out at every change. What makes no sense together is said by those who know;
// here only fields are known.
import { type Config, override } from "../../src/experiment/config.ts";
import { type Control, controlOf } from "./control.ts";
import { el } from "./element.ts";
import { type Field, type Group, groups, seedField } from "./fields.ts";
import { valueAt } from "./limits.ts";
import type { Marked } from "./marked.ts";
import { MethodPicker } from "./picker.ts";
import { type Told, toldOf } from "./problem.ts";
import { withRoom } from "./room.ts";

const sharing: ReadonlySet<string> = new Set(["clients", "optOut"]);

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
  // as many as the reader wants in a round, also while there are too few clients for it
  #cohort = 1;
  // what it was last made to be
  #fitted: number | undefined;

  constructor(form: HTMLElement, onChange: (config: unknown) => void) {
    this.#onChange = onChange;
    form.addEventListener("submit", (event) => event.preventDefault());
    const [clients, sharing, ...more] = groups.map((group) => this.#group(group)) as [HTMLElement, HTMLElement];
    this.#fieldset.append(el("legend", { class: "hidden" }, "Set-up"), clients, sharing, this.#picker.element, ...more, this.#seed()); // prettier-ignore
    form.append(this.#fieldset);
  }

  /** Shows a config. */
  show(config: Config): void {
    this.#config = config;
    if (config.federation.cohort !== this.#fitted) this.#cohort = config.federation.cohort;
    this.#picker.show(config);
    for (const { field, row, write } of this.#controls) {
      row.hidden = field.when ? !field.when(config) : false;
      const value = valueAt(config, field.path);
      // a field that a config need not have says so by its absence
      if (value !== undefined || (field.kind === "check" && field.on)) write(value);
    }
  }

  /** Says what is wrong, at the fields that it is about, its own and more of the page's, and leads to the first of them. */
  mark(problem: string, more: readonly Marked[] = []): Told {
    const controls: Marked[] = [...more, ...this.#controls, ...this.#picker.controls];
    const told = toldOf(problem, new Map(controls.map(({ field }) => [field.path, field.label])));
    for (const { field, mark } of controls) mark(told.at.get(field.path) ?? "");
    const first = controls.find(({ field }) => told.at.has(field.path));
    for (let at: Element | null | undefined = first?.row; at; at = at.parentElement)
      if (at instanceof HTMLDetailsElement) at.open = true;
    first?.row.scrollIntoView({ block: "nearest" });
    return told;
  }

  /** Whether anything can be changed now. */
  enable(enabled: boolean): void {
    this.#fieldset.disabled = !enabled;
  }

  #change({ field: { path }, read }: Control): void {
    if (!this.#config) return;
    const value = read();
    this.#fitted = undefined;
    if (value === undefined) {
      const { [path as "posterior"]: _, ...rest } = this.#config;
      return this.#onChange(rest);
    }
    const changed = override(this.#config, path, value) as Config;
    if (!sharing.has(path) || !Number.isFinite(value)) return this.#onChange(changed);
    // what the reader wants of the cohort is taken up again when there are clients for it
    const fitted = withRoom(changed, this.#cohort);
    this.#fitted = fitted.federation.cohort;
    this.#onChange(fitted);
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
    const row = this.#add(seedField);
    const another = el("button", { type: "button", class: "small", "aria-label": "The next seed" }, "Next");
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
