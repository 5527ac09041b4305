// Says when nothing has been heard for long from those who train, and offers to begin them again. It decides nothing: a set-up may be
// slow, and only the reader knows how much patience it is worth.
import { el } from "./element.ts";
import type { Notebook } from "./notebook.ts";

// trainers that have never said anything may be waited for less long than those at work
const patience = { begin: 10_000, work: 40_000 };

// whoever conducts the trainers answers at once, or hangs itself
const answerWithin = 5000;

export class Stall {
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;
  readonly #again: () => Promise<void>;
  readonly #text = el("p");
  readonly #button = el("button", { type: "button", onclick: () => void this.#act() }, "Start them again");
  #reload = false;

  /** @param again ends the trainers and starts others */
  constructor(place: HTMLElement, notebook: Notebook, again: () => Promise<void>) {
    [this.#place, this.#notebook, this.#again] = [place, notebook, again];
    place.append(this.#text, this.#button);
  }

  /** Looks every second, from now on. */
  watch(): void {
    setInterval(() => this.#look(), 1000);
  }

  #look(): void {
    const { stage, heard, begun, phase, together } = this.#notebook;
    const silent = performance.now() - heard;
    // two tabs wait for each other as long as readers like
    const stalls =
      !together && (stage === "running" || stage === "pausing") && silent > (begun ? patience.work : patience.begin);
    if (!stalls) {
      this.#place.hidden = true;
      this.#reload = false;
      return;
    }
    const seconds = Math.floor(silent / 10_000) * 10;
    const what = !begun
      ? `The workers that train have not begun after ${seconds} seconds.`
      : phase?.phase === "clients"
        ? `No client has told anything of its training for ${seconds} seconds.`
        : `Nothing has been heard of round ${(phase?.done ?? 0) + 1} for ${seconds} seconds.`;
    const remedy = this.#reload
      ? "The page does not answer either: reload it, and go on with the run from where it was last kept."
      : "If this set-up does not take so long, start them again: nothing that is kept is lost.";
    const text = `${what} ${remedy}`;
    // what is said anew is read out anew
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#button.textContent = this.#reload ? "Reload" : "Start them again";
    this.#place.hidden = false;
  }

  async #act(): Promise<void> {
    if (this.#reload) return location.reload();
    const late = setTimeout(() => (this.#reload = true), answerWithin);
    this.#notebook.listen();
    await this.#again().finally(() => clearTimeout(late));
  }
}
