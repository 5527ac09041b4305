// One client, close up: what it owns, how its models do, how they learnt, and what they say when they are asked.
import { fixed } from "../../src/report/numbers.ts";
import type { Asker } from "../wire.ts";
import type { Conducting, DataOutline } from "../messages.ts";
import { AskPanel } from "./ask.ts";
import { el } from "./element.ts";
import { epochCurves } from "./epochs.ts";
import { FigureView } from "./figure.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import { isEstimate, measureOf } from "./measure.ts";
import { OwnedPictures } from "./owned.ts";
import type { ClientPage, Model, Notebook } from "./notebook.ts";

const labels: Readonly<Record<Model, string>> = {
  local: "Alone",
  fedavg: "Generalist",
  finetuned: "Fine-tuned",
  mixture: "Mixture",
};

export class ClientView implements View {
  readonly every = 300;
  readonly #drawer: HTMLElement;
  readonly #notebook: Notebook;
  readonly #ask: AskPanel;
  readonly #title = el("h2", { id: "client-title", tabindex: -1 });
  readonly #about = el("p", { class: "what" });
  readonly #scores = el("div", { class: "scores" });
  readonly #owned = el("div", { class: "owned" });
  readonly #ownsTitle = el("h3", {}, "What it owns, and whom its gate trusts");
  readonly #pictures: OwnedPictures;
  readonly #epochs = el("div", { class: "figure" });
  readonly #figure: FigureView;
  #client: number | undefined;

  constructor(
    drawer: HTMLElement,
    notebook: Notebook,
    ask: Asker<Conducting>,
    choose: (client: number | undefined) => void,
  ) {
    this.#drawer = drawer;
    this.#notebook = notebook;
    this.#ask = new AskPanel(notebook, ask);
    this.#pictures = new OwnedPictures(notebook, ask, (specimen) => this.#ask.pick(specimen));
    this.#figure = new FigureView(this.#epochs, {
      figure: (width) => epochCurves(this.#page()?.epochs ?? [], width, measureOf(this.#notebook.data).name),
      empty: "Its private training comes after the federation.",
      ratio: 0.3,
    });
    const step = (by: number): void => {
      const { length } = this.#notebook.clients;
      if (this.#client !== undefined) choose((this.#client + by + length) % length);
    };
    drawer.append(
      el(
        "header",
        {},
        this.#title,
        icon("Previous client", "‹", () => step(-1)),
        icon("Next client", "›", () => step(1)),
        icon("Close", "×", () => choose(undefined)),
      ),
      this.#about,
      this.#scores,
      el("h3", {}, "Ask it"),
      this.#ask.element,
      this.#ownsTitle,
      this.#pictures.element,
      this.#owned,
      el("h3", {}, "Private training"),
      this.#epochs,
    );
    drawer.addEventListener("keydown", (event) => {
      if (event.key === "Escape") choose(undefined);
    });
  }

  /** Opens on a client, or closes. */
  show(client: number | undefined): void {
    const opened = this.#client === undefined && client !== undefined;
    this.#client = client;
    this.#drawer.hidden = client === undefined;
    document.body.classList.toggle("with-client", client !== undefined);
    if (client === undefined) return;
    this.draw();
    if (opened) this.#title.focus({ preventScroll: true });
    void this.#ask.open(client);
  }

  draw(): void {
    const page = this.#page();
    const { data } = this.#notebook;
    if (!page || !data) return;
    const { outline, results, doing } = page;
    this.#title.textContent = `Client ${outline.client}`;
    this.#about.textContent = `${owns(page, data)} ${state(doing, outline.optedOut)} ${tied(page)}`.trim();
    this.#scores.replaceChildren(scoreTable(page, this.#notebook.models, measureOf(data).name));
    // rows without classes are as many as they are
    this.#owned.hidden = this.#ownsTitle.hidden = isEstimate(data);
    this.#owned.replaceChildren(ownedTable(page, data.classes, this.#notebook.gates.get(outline.client)?.perClass));
    this.#figure.draw();
    this.#drawer.classList.toggle("known", results.size > 0);
    void this.#ask.again();
    void this.#pictures.show(outline.client);
  }

  #page(): ClientPage | undefined {
    return this.#client === undefined ? undefined : this.#notebook.clients[this.#client];
  }
}

function icon(label: string, text: string, onclick: () => void): HTMLElement {
  return el("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick }, text);
}

function owns({ outline }: ClientPage, { kind, classes }: DataOutline): string {
  const total = outline.counts.reduce((a, b) => a + b, 0);
  const owned = `Owns ${total} ${kind === "image" ? "pictures" : "rows"}`;
  if (outline.classes.length === 0) return `${owned}.`;
  return `${owned}, mostly of ${outline.classes.map((i) => classes[i]).join(" and ")}.`;
}

function state(doing: ClientPage["doing"], optedOut: boolean): string {
  const shares = optedOut
    ? "It has opted out and never sends anything."
    : "It shares its generalist’s updates, never its data.";
  return doing === "trains" ? `${shares} It trains now.` : shares;
}

// with whom it learns, method by method
function tied({ ties }: ClientPage): string {
  const all = [...ties.values()].flatMap(({ method, shares, peers }) => [
    shares ? `${method}: ${shares.map((share) => `${fixed(100 * share, 0)} %`).join(", ")} of its components.` : [],
    peers?.length ? `${method}: it was sent the models of ${peers.join(", ")}.` : [],
  ]);
  return all.flat().join(" ");
}

function scoreTable(
  { places, results, clusters }: ClientPage,
  models: readonly Model[],
  measure: "accuracy" | "R2",
): HTMLElement {
  const rows = models.map((model) => {
    const cluster = clusters.get(model);
    const label = `${labels[model] ?? model}${cluster === undefined ? "" : `, cluster ${cluster}`}`;
    const [known, place] = [results.get(model), places[model]];
    const cell = (value: number | undefined): HTMLElement =>
      el("td", { class: known ? "" : "guess" }, known || value === undefined ? fixed(value) : `≈ ${fixed(value, 0)}`);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, inlineMark(model), label),
      cell(known?.localTest ?? place?.localTest),
      cell(known?.globalTest ?? place?.globalTest),
    );
  });
  const of = measure === "R2" ? "R2, " : "";
  const head = ["Model", `Own kind, ${of}%`, `All kinds, ${of}%`].map((label) => el("th", { scope: "col" }, label));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}

function ownedTable(
  { outline }: ClientPage,
  names: readonly string[],
  trust: readonly number[] | undefined,
): HTMLElement {
  const most = Math.max(1, ...outline.counts);
  const rows = outline.counts.flatMap((count, i) => {
    // of a hundred classes, those it has
    if (names.length > 20 && count === 0) return [];
    return el(
      "tr",
      { class: outline.classes.length === 0 ? "any" : outline.classes.includes(i) ? "own" : "" },
      el("th", { scope: "row" }, names[i] ?? String(i)),
      el("td", { class: "measure" }, el("i", { style: `width: ${((100 * count) / most).toFixed(1)}%` })),
      el("td", {}, String(count)),
      el("td", {}, trust ? fixed(trust[i], 2) : "–"),
    );
  });
  const head = ["Class", "Share", "Rows", "Trust"].map((label) =>
    // the bars need no heading to be seen
    el("th", { scope: "col" }, label === "Share" ? el("span", { class: "hidden" }, label) : label),
  );
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}
