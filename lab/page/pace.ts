// How a run goes by: as fast as it can, slowly, or a round at a time.
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import type { Notebook } from "./notebook.ts";

// long enough to see where points go
const slowly = 900;

export interface PaceCommands {
  /** A single round, or client, and a pause. */
  step(): void;
  pace(milliseconds: number): void;
}

export class PaceView implements View {
  readonly every = 0;
  readonly #notebook: Notebook;
  readonly #step: HTMLButtonElement;

  constructor(place: HTMLElement, notebook: Notebook, { step, pace }: PaceCommands) {
    this.#notebook = notebook;
    const act = (): void => {
      if (this.#open) step();
    };
    this.#step = el("button", { type: "button", class: "small", id: "step", onclick: act });
    const slow = el("input", {
      type: "checkbox",
      id: "slow",
      name: "slow",
      onchange: () => pace(slow.checked ? slowly : 0),
    });
    place.append(
      this.#step,
      el("label", { for: "slow" }, slow, el("span", {}, "Slow motion, a rest before every round")),
    );
  }

  draw(): void {
    const { phase } = this.#notebook;
    this.#step.textContent = phase?.phase === "clients" ? "One client" : "One round";
    // a button that is pressed again and again keeps the focus in between
    this.#step.setAttribute("aria-disabled", String(!this.#open));
  }

  get #open(): boolean {
    const { stage } = this.#notebook;
    return stage === "ready" || stage === "paused";
  }
}
