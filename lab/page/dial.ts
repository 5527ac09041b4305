// The posterior gate's share of own inputs as a slider. What every client reaches at each of its stops is known from its curve, so
// all points move at once and nothing is trained again.
import { fixed } from "../../src/report/numbers.ts";
import { stop } from "../../src/report/tradeOff.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import { type Notebook, type Place, POSTERIOR } from "./notebook.ts";

export class DialView implements View {
  readonly every = 50;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;
  readonly #slider: HTMLInputElement;
  readonly #value = el("output");
  readonly #reached = el("p", { class: "what" });
  readonly #back: HTMLButtonElement;
  // whoever has not touched it finds it where the gate was told to stand
  #touched = false;

  constructor(place: HTMLElement, notebook: Notebook) {
    this.#place = place;
    this.#notebook = notebook;
    const turn = (): void => {
      this.#touched = true;
      notebook.turn(Number(this.#slider.value));
    };
    this.#slider = el("input", {
      type: "range",
      name: "dial",
      id: "dial-stop",
      min: 0,
      max: 10,
      step: 1,
      oninput: turn,
    });
    const back = (): void => notebook.turn(undefined);
    this.#back = el("button", { type: "button", class: "small", onclick: back }, "Show the mixtures again");
    place.append(
      el(
        "div",
        { class: "field slider" },
        el("label", { for: "dial-stop" }, "ρ, the share of own inputs"),
        this.#value,
        this.#slider,
      ),
      this.#reached,
      this.#back,
    );
  }

  draw(): void {
    const { curves, turned } = this.#notebook;
    const all = [...curves.values()];
    this.#place.hidden = all.length === 0;
    if (all.length === 0) this.#touched = false;
    const [first] = all;
    if (!first) return;
    this.#slider.max = String(first.at.length - 1);
    if (!this.#touched) this.#slider.value = String(first.at.indexOf(USUAL));
    const at = turned ?? Number(this.#slider.value);
    const rho = String(first.at[at]);
    this.#value.textContent = rho;
    this.#slider.setAttribute("aria-valuetext", rho);
    this.#back.disabled = turned === undefined;
    const places = stop(all, at);
    const mean = (of: keyof Place): string => fixed(places.reduce((sum, place) => sum + place[of], 0) / places.length);
    this.#reached.replaceChildren(
      inlineMark(POSTERIOR),
      ` A gate that reckons with a share of ${rho}: ${mean("localTest")} % local, ${mean("globalTest")} % global, the mean of ` +
        `${places.length === 1 ? "one client" : `${places.length} clients`}.`,
    );
  }
}

const USUAL = 0.8;
