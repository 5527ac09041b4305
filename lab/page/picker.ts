// Which other methods a run is compared with: chosen from the declarations, each with its sentence, its paper and its options.
import type { Config } from "../../src/experiment/config.ts";
import type { Method, Options } from "../../src/federated/method.ts";
import { type Control, controlOf } from "./control.ts";
import { comparable, declared, fieldsOf, paperAddress, settingsOf } from "./declared.ts";
import { el } from "./element.ts";
import { inlineMark } from "./marks.ts";

type Chosen = NonNullable<Config["methods"]>;

/** A chosen method as it stands in the form. */
interface Card {
  readonly element: HTMLElement;
  readonly controls: readonly Control[];
  readonly settings: HTMLSelectElement;
  write(options: Options): void;
}

export class MethodPicker {
  readonly element: HTMLElement;
  readonly #onChange: (methods: Chosen | undefined) => void;
  readonly #cards = el("div", { class: "chosen" });
  readonly #made = new Map<string, Card>();
  readonly #find = el("input", { type: "search", id: "find-method", oninput: () => this.#filter() });
  readonly #rows: readonly (readonly [Method, HTMLElement])[];
  readonly #none = el("p", { class: "hint", hidden: true }, "No method has that in its name or its sentence.");
  readonly #shelf: HTMLElement;
  #methods: Chosen = {};
  // what the reader has just added, and whether something was taken away
  #added = "";
  #taken = false;

  /** @param onChange gets what a config is to say, nothing where no method is left */
  constructor(onChange: (methods: Chosen | undefined) => void) {
    this.#onChange = onChange;
    this.#rows = comparable.map((method) => [method, this.#row(method)] as const);
    this.#shelf = el(
      "details",
      { class: "shelf" },
      el("summary", {}, `Add one of ${comparable.length} methods`),
      el("label", { class: "find", for: "find-method" }, el("span", {}, "Find"), this.#find),
      el("ul", { class: "rows", tabindex: 0, "aria-label": "Methods" }, ...this.#rows.map(([, row]) => row)),
      this.#none,
    );
    this.element = el(
      "section",
      { class: "group", id: "compare" },
      el("h3", {}, "Compare with"),
      el("p", { class: "hint" }, "Other federated methods, on the same clients, after the four of the page."),
      this.#cards,
      this.#shelf,
    );
  }

  /** The controls of all methods that are chosen. */
  get controls(): Control[] {
    return [...this.#made.values()].flatMap(({ controls }) => controls);
  }

  /** Shows what a config says. */
  show({ methods = {} }: Pick<Config, "methods">): void {
    this.#methods = methods;
    for (const [name, card] of this.#made)
      if (!(name in methods)) {
        card.element.remove();
        this.#made.delete(name);
      }
    for (const [name, options] of Object.entries(methods)) {
      const method = declared(name);
      let card = this.#made.get(name);
      if (!card) {
        this.#made.set(name, (card = this.#card(name, method)));
        this.#cards.append(card.element);
      }
      card.write({ ...method?.options, ...options });
    }
    // whoever chose it goes on with it, and whoever took one away with the others
    const added = this.#made.get(this.#added)?.element;
    const first = added?.querySelector<HTMLElement>(".field :is(input, select)") ?? added?.querySelector("button");
    first?.focus({ preventScroll: true });
    if (this.#taken) this.#shelf.querySelector("summary")!.focus({ preventScroll: true });
    [this.#added, this.#taken] = ["", false];
    for (const [{ name }, row] of this.#rows) row.classList.toggle("taken", name in methods);
    this.#filter();
  }

  #row({ name, about }: Method): HTMLElement {
    const id = `about-${name}`;
    const add = (): void => {
      this.#added = name;
      this.#onChange({ ...this.#methods, [name]: { ...declared(name)!.options } });
    };
    return el(
      "li",
      {},
      el("button", { type: "button", class: "small", "data-method": name, "aria-describedby": id, onclick: add }, name),
      el("span", { id }, about),
    );
  }

  // an address may name more than the page offers, as ditto+finetuned: that can be seen and taken away
  #card(name: string, method: Method | undefined): Card {
    const { paper = "", about = "as the address has it" } = method ?? {};
    const change = (control: Control): void => {
      const option = control.field.path.slice(`methods.${name}.`.length);
      this.#onChange({ ...this.#methods, [name]: { ...this.#methods[name], [option]: control.read() as number } });
    };
    const controls = (method ? fieldsOf(method) : []).map((field) => {
      const control: Control = controlOf(field, () => change(control));
      return control;
    });
    const named = method ? settingsOf(method) : [];
    const settings = el(
      "select",
      {
        onchange: () => {
          const found = named.find(([one]) => one === settings.value);
          if (found) this.#onChange({ ...this.#methods, [name]: { ...found[1] } });
        },
      },
      ...named.map(([one]) => el("option", { value: one }, one)),
      el("option", { value: "", disabled: true }, "as below"),
    );
    const remove = (): void => {
      const { [name]: _, ...rest } = this.#methods;
      this.#taken = true;
      this.#onChange(Object.keys(rest).length > 0 ? rest : undefined);
    };
    const address = paperAddress(paper);
    const element = el(
      "fieldset",
      { class: "method" },
      el("legend", {}, inlineMark(name), name),
      el("button", { type: "button", class: "icon", "aria-label": `Remove ${name}`, title: `Remove ${name}`, onclick: remove }, "×"), // prettier-ignore
      el(
        "p",
        { class: "hint" },
        `${about[0]!.toUpperCase()}${about.slice(1)}. `,
        address ? el("a", { href: address, target: "_blank", rel: "noreferrer" }, paper) : paper,
      ),
      named.length > 1 ? el("div", { class: "field choice" }, el("label", {}, el("span", {}, "Settings"), settings)) : null, // prettier-ignore
      ...controls.map(({ row }) => row),
    );
    const write = (options: Options): void => {
      for (const { field, write } of controls) write(options[field.path.slice(`methods.${name}.`.length)]);
      settings.value = named.find(([, set]) => Object.keys(set).every((key) => set[key] === options[key]))?.[0] ?? "";
    };
    return { element, controls, settings, write };
  }

  #filter(): void {
    const wanted = this.#find.value.trim().toLowerCase();
    let shown = 0;
    for (const [{ name, about, paper }, row] of this.#rows) {
      row.hidden = name in this.#methods || !`${name} ${about} ${paper}`.toLowerCase().includes(wanted);
      if (!row.hidden) shown++;
    }
    this.#none.hidden = shown > 0;
  }
}
