// Where a client is asked: a pad to draw on, rows of the test to pick from, and the answers.
import type { Answers, Conducting, DataOutline, Inputs, Specimen } from "../messages.ts";
import type { Asker } from "../wire.ts";
import { answersFigure } from "./answers.ts";
import { el } from "./element.ts";
import { estimatesFigure } from "./estimates.ts";
import { isEstimate } from "./measure.ts";
import type { Notebook } from "./notebook.ts";
import { type ImageShape, Pad, pictureButton } from "./pad.ts";
import { RowForm } from "./rowForm.ts";

// what is right of a row that was picked
type Truth = Pick<Specimen, "label" | "targets">;

const brushes: readonly (readonly [label: string, radius: number])[] = [
  ["Fine", 0.9],
  ["Broad", 1.6],
  ["Fill", 3.4],
];

// no more can be told apart at a glance
const most = 20;

export class AskPanel {
  readonly element: HTMLElement;
  readonly #notebook: Notebook;
  readonly #ask: Asker<Conducting>;
  readonly #easel: HTMLElement;
  readonly #padPlace = el("div");
  readonly #rowPlace = el("div");
  readonly #hint = hint("");
  readonly #specimens = el("div", { role: "group", "aria-label": "Rows of the test" });
  readonly #answers = el("div", { class: "answers", "aria-live": "polite" });
  #data: DataOutline | undefined;
  #pad: Pad | undefined;
  #row: RowForm | undefined;
  #client: number | undefined;
  #inputs: Inputs | undefined;
  // of what was picked; nobody knows what was drawn or written
  #truth: Truth | undefined;
  #asking = false;
  #turn = 0;

  constructor(notebook: Notebook, ask: Asker<Conducting>) {
    this.#notebook = notebook;
    this.#ask = ask;
    const tools = brushes.map(([label, radius], i) => {
      const set = (): void => {
        if (this.#pad) this.#pad.brush = radius;
      };
      const input = el("input", { type: "radio", name: "brush", checked: i === 1, onchange: set });
      return el("label", {}, input, el("span", {}, label));
    });
    this.#easel = el(
      "div",
      { class: "easel" },
      this.#padPlace,
      el(
        "div",
        { class: "tools" },
        ...tools,
        small("Clear", () => this.#pad?.clear()),
      ),
    );
    const choices = el(
      "div",
      {},
      this.#rowPlace,
      this.#hint,
      this.#specimens,
      small("Others", () => void (this.#data && this.#deal(this.#data))),
    );
    this.element = el("div", { class: "ask" }, this.#easel, choices, this.#answers);
  }

  /** Asks a client, about what was asked before or a row of its own kind. */
  open(client: number): Promise<void> {
    this.#client = client;
    return this.again();
  }

  /** Asks the same again, since models learn; of other data rows of theirs. */
  again(): Promise<void> {
    // an answer that changes as the models learn is not read out without end
    this.#answers.setAttribute("aria-live", "off");
    const { data } = this.#notebook;
    if (this.#client === undefined || !data) return Promise.resolve();
    return data === this.#data ? this.#answer() : this.#deal(data);
  }

  // other data are of another shape: what was drawn or picked means nothing to their models
  #lay(data: DataOutline): void {
    this.#data = data;
    this.#inputs = this.#truth = undefined;
    for (const place of [this.#padPlace, this.#rowPlace, this.#specimens, this.#answers]) place.replaceChildren();
    const isImage = data.kind === "image";
    this.#pad = isImage ? new Pad(data.shape as ImageShape, (pixels) => this.#put(pixels, undefined)) : undefined;
    if (this.#pad) this.#padPlace.append(this.#pad.element);
    const sketches = new Map(this.#notebook.own?.table?.columns.map((column) => [column.name, column]));
    const columns = data.columns?.flatMap((name) => sketches.get(name) ?? []);
    this.#row = columns && new RowForm(columns, (cells) => this.#put(cells, undefined));
    if (this.#row) this.#rowPlace.append(this.#row.element);
    this.element.classList.toggle("blind", !isImage);
    this.#specimens.className = isImage ? "pictures" : "rows";
    this.#hint.textContent = isImage
      ? "Draw one, or pick a picture of the test."
      : this.#row
        ? "Write a row, or pick one of the test."
        : "Pick a row of the test.";
  }

  async #deal(data: DataOutline): Promise<void> {
    if (data !== this.#data) this.#lay(data);
    const dealt = await this.#ask("specimens", { turn: this.#turn++, most });
    if (data !== this.#data) return;
    const shape = data.shape as ImageShape;
    this.#specimens.replaceChildren(...dealt.map((specimen) => this.#specimen(specimen, data.classes, shape)));
    const own = this.#notebook.clients[this.#client ?? 0]?.outline.classes[0] ?? 0;
    const first = dealt.find(({ label }) => label === own) ?? dealt[0];
    if (!this.#inputs && first) this.#pick(first);
  }

  /** Asks about a row that was picked elsewhere. */
  pick(specimen: Specimen): void {
    this.#pick(specimen);
    this.#easel.scrollIntoView({ block: "nearest" });
  }

  #specimen(specimen: Specimen, names: readonly string[], shape: ImageShape): HTMLElement {
    const name = specimen.targets?.map(numeral).join(", ") ?? names[specimen.label] ?? String(specimen.label);
    const onclick = (): void => this.#pick(specimen);
    if (specimen.inputs instanceof Uint8Array) {
      return pictureButton(specimen.inputs, shape, name, onclick);
    }
    return el("button", { type: "button", class: "small", onclick }, `${name}, row ${specimen.row}`);
  }

  #pick({ inputs, label, targets }: Specimen): void {
    if (inputs instanceof Uint8Array) this.#pad?.show(inputs);
    else if (!(inputs instanceof Float32Array)) this.#row?.show(inputs);
    this.#put(inputs, { label, targets });
  }

  #put(inputs: Inputs, truth: Truth | undefined): void {
    [this.#inputs, this.#truth] = [inputs, truth];
    this.#answers.setAttribute("aria-live", "polite");
    void this.#answer();
  }

  // at most one question is open; what changed meanwhile is asked about afterwards
  async #answer(): Promise<void> {
    const [client, inputs, truth, data] = [this.#client, this.#inputs, this.#truth, this.#data];
    if (this.#asking || client === undefined || !inputs || !data) return;
    this.#asking = true;
    const shown = await this.#ask("answer", { client, inputs })
      .then((answers) =>
        answers ? figureOf(answers, data, truth) : [hint("Nobody can answer before the run begins.")],
      )
      .catch((error: Error) => [hint(error.message)]);
    this.#asking = false;
    if (this.#data === data) this.#answers.replaceChildren(...shown);
    if (this.#inputs !== inputs || this.#client !== client) await this.#answer();
  }
}

function figureOf(answers: Answers, data: DataOutline, truth: Truth | undefined): HTMLElement[] {
  if (isEstimate(data)) return estimatesFigure(answers, data.classes, truth?.targets);
  return answersFigure(answers, data.classes, truth?.label);
}

function numeral(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 4, useGrouping: false });
}

function hint(text: string): HTMLElement {
  return el("p", { class: "hint" }, text);
}

function small(label: string, onclick: () => void): HTMLElement {
  return el("button", { type: "button", class: "small", onclick }, label);
}
