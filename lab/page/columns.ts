// What the columns of a table are for: which is the label, which says whose a row is, which are left out.
import { choiceIn, type ColumnSketch, type TableChoice, type TableSketch, taskFor } from "../table.ts";
import { type Control, controlOf } from "./control.ts";
import { el } from "./element.ts";
import type { ChoiceField } from "./fields.ts";
import type { View } from "./frames.ts";
import { type Marked, markedAt } from "./marked.ts";
import type { Notebook } from "./notebook.ts";

// no more of a cell than a column of the page has room for
const most = 18;

export class ColumnsView implements View {
  readonly every = 0;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;
  readonly #choose: (choice: TableChoice) => void;
  readonly #fields = el("fieldset", { class: "fields" });
  #sketch: TableSketch | undefined;
  #controls: Record<"label" | "task" | "client", Control> | undefined;
  #ticks: readonly (readonly [ColumnSketch, HTMLInputElement])[] = [];
  #table: (Marked & { readonly said: HTMLElement }) | undefined;

  constructor(place: HTMLElement, notebook: Notebook, choose: (choice: TableChoice) => void) {
    [this.#place, this.#notebook, this.#choose] = [place, notebook, choose];
    place.append(el("h4", {}, "What its columns are"), this.#fields);
  }

  /** Where it is said what is wrong with a choice. */
  get marked(): Marked[] {
    return this.#controls && this.#table ? [...Object.values(this.#controls), this.#table] : [];
  }

  draw(): void {
    const { own, stage } = this.#notebook;
    const choice = own && choiceIn(own.own, own.task);
    this.#place.hidden = !own?.table || !choice;
    if (!own?.table || !choice) return;
    if (own.table !== this.#sketch) this.#make((this.#sketch = own.table));
    const { label, task, client } = this.#controls!;
    label.write(choice.label);
    task.write(choice.task);
    client.write(choice.client ?? "");
    for (const [{ name }, tick] of this.#ticks) {
      const part = name === choice.label || name === choice.client;
      tick.checked = !part && !choice.ignore.includes(name);
      // what has another part is no input
      tick.disabled = part || name === "";
    }
    // opening takes a moment, and whoever is in here stays here
    this.#fields.disabled = !["ready", "refused", "opening"].includes(stage);
  }

  #make(sketch: TableSketch): void {
    const names = sketch.columns.flatMap(({ name }) => (name === "" ? [] : [[name, name] as const]));
    const field = (path: string, label: string, choices: ChoiceField["choices"], hint?: string): ChoiceField => ({
      kind: "choice",
      path,
      label,
      choices,
      ...(hint && { hint }),
    });
    const tasks = [
      ["classification", "A class of several"],
      ["regression", "A number"],
    ] as const;
    const changed = (): void => this.#changed();
    this.#controls = {
      label: controlOf(field("files.label", "Column to be predicted", names), () => this.#changed(true)),
      task: controlOf(
        field("task", "It holds", tasks, "Numbers are learnt in their own unit: scale very large ones beforehand."),
        changed,
      ),
      client: controlOf(
        field("files.client", "Column of clients", [["", "None: rows are dealt out"], ...names]),
        changed,
      ),
    };
    this.#ticks = sketch.columns.map((column) => [
      column,
      el("input", {
        type: "checkbox",
        onchange: changed,
        "aria-label": `${column.name || "unnamed column"} is an input`,
      }),
    ]);
    const rows = this.#ticks.map(([column, tick]) =>
      el(
        "tr",
        {},
        el("td", {}, el("label", { class: "tick" }, tick)),
        el("th", { scope: "row" }, column.name || "(no name)"),
        el("td", {}, column.examples.map(short).join(", ") || "nothing"),
        el("td", {}, heldBy(column)),
      ),
    );
    const head = ["Input", "Column", "For example", "Holds"].map((text) => el("th", { scope: "col" }, text));
    const table = el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Columns of the table" },
      el("table", { class: "columns" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)),
    );
    this.#table = markedAt({ path: "files.ignore", label: "Input" }, table, table);
    const { label, task, client } = this.#controls;
    this.#fields.replaceChildren(
      el("legend", { class: "hidden" }, "What its columns are"),
      label.row,
      task.row,
      client.row,
      table,
      this.#table.said,
      el("p", { class: "hint" }, "Words become columns of 0 and 1; gaps are filled with the median, or are a word."),
    );
  }

  // another label brings the task that is likely for it, and its old one becomes an input
  #changed(relabelled = false): void {
    if (!this.#controls || !this.#sketch) return;
    const { label, task, client } = this.#controls;
    const name = String(label.read());
    const column = this.#sketch.columns.find((one) => one.name === name);
    const owner = String(client.read());
    const part = new Set([name, owner]);
    const was = this.#notebook.own?.own;
    const parts = was?.kind === "csv" ? [was.label, was.client] : [];
    this.#choose({
      task: relabelled && column ? taskFor(column) : (task.read() as TableChoice["task"]),
      label: name,
      ...(owner && { client: owner }),
      ignore: this.#ticks.flatMap(([{ name: one }, { checked }]) =>
        checked || part.has(one) || parts.includes(one) ? [] : [one],
      ),
    });
  }
}

function short(text: string): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function heldBy({ holds, distinct, gaps }: ColumnSketch): string {
  const what = holds === "words" ? `${distinct} ${distinct === 1 ? "word" : "words"}` : "numbers";
  return gaps === 0 ? what : `${what}, ${gaps} ${gaps === 1 ? "gap" : "gaps"}`;
}
