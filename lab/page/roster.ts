// The table of clients: what each owns, how its models do on its own kind of rows, and whether the mixture helps or harms it.
import { fixed, signed } from "../../src/report/numbers.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { histogram } from "./histogram.ts";
import { inlineMark } from "./marks.ts";
import { isEstimate } from "./measure.ts";
import { type ClientPage, type Model, type Notebook, own } from "./notebook.ts";

const labels: Readonly<Record<Model, string>> = {
  local: "Alone",
  fedavg: "Generalist",
  finetuned: "Fine-tuned",
  mixture: "Mixture",
};

interface Row {
  readonly row: HTMLTableRowElement;
  readonly state: HTMLElement;
  readonly cells: ReadonlyMap<Model, HTMLElement>;
  readonly global: HTMLElement;
  readonly gain: HTMLElement;
}

/** What can be sorted by: larger values first, except for the clients' numbers. */
type Order = "client" | "global" | "gain" | Model;

// what a phone does without
const major: ReadonlySet<Order> = new Set<Order>(["client", "local", "mixture", "gain"]);

// so many rows are laid out in a frame
const atOnce = 100;

export class RosterView implements View {
  readonly every = 200;
  readonly #notebook: Notebook;
  readonly #choose: (client: number) => void;
  readonly #changed: () => void;
  readonly #body = el("tbody");
  readonly #head = el("tr");
  readonly #heads = new Map<Order, HTMLElement>();
  #rows: Row[] = [];
  #made: readonly ClientPage[] = [];
  // rows that are still to be laid out
  #waiting: HTMLElement[] = [];
  #order: Order = "client";
  #chosen: number | undefined;

  /** @param changed is told when the order has changed, and the table is to be drawn */
  constructor(place: HTMLElement, notebook: Notebook, choose: (client: number) => void, changed: () => void) {
    this.#notebook = notebook;
    this.#choose = choose;
    this.#changed = changed;
    place.append(el("table", { class: "roster" }, el("thead", {}, this.#head), this.#body));
  }

  /** Marks a client's row. */
  choose(client: number | undefined): void {
    this.#chosen = client;
  }

  draw(): "again" | undefined {
    const { clients } = this.#notebook;
    if (clients !== this.#made) this.#make(clients);
    clients.forEach((client, i) => this.#write(client, this.#rows[i]!));
    for (const [order, cell] of this.#heads)
      cell.setAttribute("aria-sort", order !== this.#order ? "none" : order === "client" ? "ascending" : "descending");
    this.#body.append(...this.#waiting.splice(0, atOnce));
    return this.#waiting.length > 0 ? "again" : undefined;
  }

  #make(clients: readonly ClientPage[]): void {
    const names = this.#notebook.data?.classes ?? [];
    const { models } = this.#notebook;
    const estimates = isEstimate(this.#notebook.data);
    this.#headings(models);
    this.#rows = clients.map(({ outline }) => {
      const { client, optedOut, counts, classes } = outline;
      const state = el("span", { class: "state" });
      const cells = new Map(models.map((model) => [model, cell(model)]));
      const [global, gain] = [cell("global"), cell("gain")];
      const row = el(
        "tr",
        { class: outline.evaluated ? undefined : "aside", onclick: () => this.#choose(client) },
        el(
          "th",
          { scope: "row" },
          el("button", { type: "button", class: "name", "aria-label": `client ${client}` }, String(client)),
          optedOut ? el("span", { class: "tag" }, "out") : null,
          state,
        ),
        el(
          "td",
          { class: "rows" },
          outline.elsewhere ? "in the other tab" : estimates ? String(counts[0]) : histogram(counts, classes, names),
        ),
        ...own.map((model) => cells.get(model)!),
        gain,
        global,
        ...models.slice(own.length).map((model) => cells.get(model)!),
      );
      return { row, state, cells, global, gain };
    });
    this.#made = clients;
    this.#arrange();
  }

  #headings(models: readonly Model[]): void {
    this.#heads.clear();
    // an order by what is not there any more
    if (!models.includes(this.#order) && !["client", "global", "gain"].includes(this.#order)) this.#order = "client";
    const head = (order: Order, label: string, mark?: Model): HTMLElement => {
      const onclick = (): void => this.#sort(order);
      const button = el("button", { type: "button", onclick }, mark ? inlineMark(mark) : null, label);
      const cell = el("th", { scope: "col", class: major.has(order) ? undefined : "minor" }, button);
      this.#heads.set(order, cell);
      return cell;
    };
    this.#head.replaceChildren(
      head("client", "Client"),
      el("th", { scope: "col" }, "Rows"),
      ...own.map((model) => head(model, labels[model]!, model)),
      head("gain", "Helped?"),
      head("global", "Global"),
      // others after what the page itself is about
      ...models.slice(own.length).map((model) => head(model, model, model)),
    );
  }

  #write(client: ClientPage, { row, state, cells, global, gain }: Row): void {
    const { results, doing, outline } = client;
    row.classList.toggle("chosen", outline.client === this.#chosen);
    row.dataset["doing"] = doing;
    state.title = doing === "trains" ? "trains now" : "";
    for (const [model, cell] of cells) set(cell, textOf(client, model));
    set(global, fixed(results.get("mixture")?.globalTest));
    const change = gainOf(client);
    set(gain, change === undefined ? "–" : signed(change));
    gain.className = change === undefined ? "" : change > 0 ? "helped" : change < 0 ? "harmed" : "even";
    gain.title =
      change === undefined ? "" : change < 0 ? "harmed: its own local model is better" : change > 0 ? "helped" : "even";
  }

  #sort(order: Order): void {
    this.#order = order;
    this.#arrange();
    this.#changed();
  }

  #arrange(): void {
    const value = (client: ClientPage): number => {
      if (this.#order === "client") return -client.outline.client;
      if (this.#order === "gain") return gainOf(client) ?? -Infinity;
      if (this.#order === "global") return client.results.get("mixture")?.globalTest ?? -Infinity;
      return client.results.get(this.#order)?.localTest ?? -Infinity;
    };
    const sorted = this.#made.toSorted((a, b) => value(b) - value(a) || a.outline.client - b.outline.client);
    this.#body.replaceChildren();
    this.#waiting = sorted.map(({ outline }) => this.#rows[outline.client]!.row);
  }
}

/** Points of the local test that the mixture is ahead of the client's own local model; undefined before both are known. */
export function gainOf({ results }: ClientPage): number | undefined {
  const [alone, mixture] = [results.get("local"), results.get("mixture")];
  return alone && mixture && mixture.localTest - alone.localTest;
}

function cell(order: Order): HTMLElement {
  return el("td", { class: major.has(order) ? undefined : "minor" });
}

// a client's score with a model, and in which of its clusters it is
function textOf({ results, clusters }: ClientPage, model: Model): string {
  const cluster = clusters.get(model);
  return `${fixed(results.get(model)?.localTest)}${cluster === undefined ? "" : ` · ${cluster}`}`;
}

// a cell that has not changed is left alone
function set(cell: HTMLElement, text: string): void {
  if (cell.textContent !== text) cell.textContent = text;
}
