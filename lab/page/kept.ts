// The runs that the browser keeps: each can be opened again, gone on with, and forgotten.
import type { KeptRun } from "../messages.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import type { Notebook } from "./notebook.ts";
import { summaryOf } from "./summary.ts";

export interface KeptCommands {
  open(run: KeptRun): void;
  forget(run: KeptRun): void;
}

export class KeptView implements View {
  readonly every = 0;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;
  readonly #commands: KeptCommands;
  #drawn = "";

  constructor(place: HTMLElement, notebook: Notebook, commands: KeptCommands) {
    [this.#place, this.#notebook, this.#commands] = [place, notebook, commands];
  }

  draw(): void {
    const { kept, stage, note } = this.#notebook;
    const busy = stage === "running" || stage === "pausing" || stage === "opening";
    const drawn = JSON.stringify([kept.map(({ id, at, holder }) => [id, at, holder]), busy, note]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#place.hidden = kept.length === 0 && note === "";
    // a list made anew must not take the focus away from whoever is in it
    const focus = this.#place.contains(document.activeElement);
    this.#place.replaceChildren(
      el("h3", { tabindex: -1 }, "Runs in this browser"),
      el("p", { class: "hint" }, note || "They stay when the page is closed, and go on where they were."),
      el("ul", { class: "kept" }, ...kept.map((run) => this.#row(run, busy))),
    );
    if (focus) this.#place.querySelector("h3")!.focus();
  }

  #row(run: KeptRun, busy: boolean): HTMLElement {
    const { began, config, at, finished, holder } = run;
    const when = new Date(began).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
    const name = `${summaryOf(config)}, ${when}`;
    const away = holder === "elsewhere";
    const disabled = busy || away;
    const button = (label: string, onclick: () => void): HTMLElement =>
      el("button", { type: "button", class: "small", "aria-label": `${label}: ${name}`, disabled, onclick }, label);
    return el(
      "li",
      {},
      el("span", {}, summaryOf(config)),
      el(
        "span",
        { class: "quiet" },
        `${when}; ${away ? "in another tab" : holder === "here" ? `${at}, on this page` : at}`,
      ),
      holder === "here" ? null : button(finished ? "Open" : "Go on", () => this.#commands.open(run)),
      button("Forget", () => this.#commands.forget(run)),
    );
  }
}
