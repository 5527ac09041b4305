// One client, close up: what it owns, how its models do, how they learnt, and what they say of a picture.
import { fixed } from "../../src/report/numbers.ts";
import type { Asker } from "../wire.ts";
import type { Conducting, Picture } from "../messages.ts";
import { answersFigure } from "./answers.ts";
import { el } from "./element.ts";
import { epochCurves } from "./epochs.ts";
import { FigureView } from "./figure.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import type { ClientPage, Model, Notebook } from "./notebook.ts";
import { Pad, thumbnail } from "./pad.ts";

const models: readonly (readonly [Model, string])[] = [
  ["local", "Alone"],
  ["fedavg", "Generalist"],
  ["finetuned", "Fine-tuned"],
  ["mixture", "Mixture"],
];

export class ClientView implements View {
  readonly every = 300;
  readonly #drawer: HTMLElement;
  readonly #notebook: Notebook;
  readonly #ask: Asker<Conducting>;
  readonly #title = el("h2", { id: "client-title", tabindex: -1 });
  readonly #about = el("p", { class: "what" });
  readonly #scores = el("div", { class: "scores" });
  readonly #owned = el("div", { class: "owned" });
  readonly #epochs = el("div", { class: "figure" });
  readonly #answers = el("div", { class: "answers", "aria-live": "polite" });
  readonly #pictures = el("div", { class: "pictures", role: "group", "aria-label": "Pictures of the test" });
  readonly #padPlace = el("div", { class: "pad-place" });
  readonly #figure: FigureView;
  #client: number | undefined;
  #pad: Pad | undefined;
  #asked: Uint8Array | undefined;
  #asking = false;
  #turn = 0;

  constructor(
    drawer: HTMLElement,
    notebook: Notebook,
    ask: Asker<Conducting>,
    choose: (client: number | undefined) => void,
  ) {
    this.#drawer = drawer;
    this.#notebook = notebook;
    this.#ask = ask;
    this.#figure = new FigureView(this.#epochs, {
      figure: (width) => epochCurves(this.#page()?.epochs ?? [], width),
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
      this.#askPlace(),
      el("h3", {}, "What it owns, and whom its gate trusts"),
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
    if (this.#pictures.childElementCount === 0) void this.#deal();
    else void this.#answer();
  }

  /** New data: the pad and the pictures are of another shape. */
  reset(): void {
    this.#pad = undefined;
    this.#asked = undefined;
    this.#pictures.replaceChildren();
    this.#answers.replaceChildren();
    this.#padPlace.replaceChildren();
  }

  draw(): void {
    const page = this.#page();
    const { data } = this.#notebook;
    if (!page || !data) return;
    const { outline, results, doing } = page;
    this.#title.textContent = `Client ${outline.client}`;
    this.#about.textContent = `${owns(page, data.classes)} ${state(doing, outline.optedOut)}`;
    this.#scores.replaceChildren(scoreTable(page));
    this.#owned.replaceChildren(ownedTable(page, data.classes, this.#notebook.gates.get(outline.client)?.perClass));
    this.#figure.draw();
    this.#drawer.classList.toggle("known", results.size > 0);
    if (this.#asked) void this.#answer();
  }

  #page(): ClientPage | undefined {
    return this.#client === undefined ? undefined : this.#notebook.clients[this.#client];
  }

  #askPlace(): HTMLElement {
    const brush = (label: string, radius: number, checked: boolean): HTMLElement => {
      const set = (): void => {
        if (this.#pad) this.#pad.brush = radius;
      };
      return el(
        "label",
        {},
        el("input", { type: "radio", name: "brush", checked, onchange: set }),
        el("span", {}, label),
      );
    };
    return el(
      "div",
      { class: "ask" },
      el(
        "div",
        { class: "easel" },
        this.#padPlace,
        el(
          "div",
          { class: "tools" },
          brush("Fine", 0.9, false),
          brush("Broad", 1.6, true),
          brush("Fill", 3.4, false),
          small("Clear", () => this.#pad?.clear()),
        ),
      ),
      el(
        "div",
        { class: "choices" },
        el("p", { class: "hint" }, "Draw a piece of clothing, or pick a picture from the test."),
        this.#pictures,
        small("Other pictures", () => void this.#deal()),
      ),
      this.#answers,
    );
  }

  // one picture of each class to pick from
  async #deal(): Promise<void> {
    const { data } = this.#notebook;
    if (!data) return;
    this.#pad ??= new Pad(data.shape, () => this.#drawn());
    this.#padPlace.replaceChildren(this.#pad.element);
    const dealt = await this.#ask("pictures", { turn: this.#turn++, most: 20 });
    const pick = (picture: Picture): void => {
      this.#pad?.show(picture.pixels);
      this.#drawn();
    };
    this.#pictures.replaceChildren(
      ...dealt.map((picture) => {
        const name = data.classes[picture.label] ?? String(picture.label);
        const image = thumbnail(picture.pixels, data.shape);
        return el(
          "button",
          { type: "button", class: "picture", title: name, "aria-label": name, onclick: () => pick(picture) },
          image,
        );
      }),
    );
    const own = this.#page()?.outline.classes[0] ?? 0;
    const first = dealt.find(({ label }) => label === own) ?? dealt[0];
    if (!this.#asked && first) pick(first);
  }

  #drawn(): void {
    this.#asked = this.#pad?.pixels;
    void this.#answer();
  }

  // at most one question is open; a drawing that went on meanwhile is asked about afterwards
  async #answer(): Promise<void> {
    const [client, pixels, data] = [this.#client, this.#asked, this.#notebook.data];
    if (this.#asking || client === undefined || !pixels || !data) return;
    this.#asking = true;
    try {
      const answers = await this.#ask("answer", { client, pixels });
      this.#answers.replaceChildren(...answersFigure(answers, data.classes));
    } catch {
      this.#answers.replaceChildren(el("p", { class: "hint" }, "Nobody can answer before the run begins."));
    }
    this.#asking = false;
    if (this.#asked !== pixels || this.#client !== client) void this.#answer();
  }
}

function icon(label: string, text: string, onclick: () => void): HTMLElement {
  return el("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick }, text);
}

function small(label: string, onclick: () => void): HTMLElement {
  return el("button", { type: "button", class: "small", onclick }, label);
}

function owns({ outline }: ClientPage, names: readonly string[]): string {
  const total = outline.counts.reduce((a, b) => a + b, 0);
  if (outline.classes.length === 0) return `Owns ${total} pictures.`;
  return `Owns ${total} pictures, mostly of ${outline.classes.map((i) => names[i]).join(" and ")}.`;
}

function state(doing: ClientPage["doing"], optedOut: boolean): string {
  const shares = optedOut
    ? "It has opted out and never sends anything."
    : "It shares its generalist’s updates, never its pictures.";
  return doing === "trains" ? `${shares} It trains now.` : shares;
}

function scoreTable({ places, results }: ClientPage): HTMLElement {
  const rows = models.map(([model, label]) => {
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
  const head = ["Model", "Own kind, %", "All kinds, %"].map((label) => el("th", { scope: "col" }, label));
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
      { class: outline.classes.includes(i) ? "own" : "" },
      el("th", { scope: "row" }, names[i] ?? String(i)),
      el("td", { class: "measure" }, el("i", { style: `width: ${((100 * count) / most).toFixed(1)}%` })),
      el("td", {}, String(count)),
      el("td", {}, trust ? fixed(trust[i], 2) : "–"),
    );
  });
  const head = ["Class", "", "Rows", "Trust"].map((label) => el("th", { scope: "col" }, label));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}
