// Start, pause, resume, begin anew, share, export: what can be done at each stage, and nothing else.
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import type { Notebook, Stage } from "./notebook.ts";

/** What the buttons do. */
export interface Commands {
  start(): void;
  pause(): void;
  resume(): void;
  carryOn(): void;
  halt(): void;
  renew(): void;
  share(): Promise<void>;
  code(): void;
  save(): Promise<void>;
}

export class ControlsView implements View {
  readonly every = 0;
  readonly #notebook: Notebook;
  readonly #main: HTMLButtonElement;
  readonly #back: HTMLButtonElement;
  readonly #renew: HTMLButtonElement;
  readonly #share: HTMLButtonElement;
  readonly #save: HTMLButtonElement;
  readonly #commands: Commands;
  readonly #second: boolean;

  /** @param second whether another tab has the start */
  constructor(place: HTMLElement, notebook: Notebook, commands: Commands, second = false) {
    this.#second = second;
    this.#notebook = notebook;
    this.#commands = commands;
    this.#main = button("run", "Start", () => this.#act());
    this.#main.className = "primary";
    this.#back = button("carry-on", "Keep running", () => commands.carryOn());
    this.#renew = button("renew", "New run", () => commands.renew());
    this.#share = button("share", "Share", () => void this.#tell(this.#share, commands.share(), "Address copied"));
    this.#save = button("save", "Export", () => void this.#tell(this.#save, commands.save(), "Saved"));
    this.#share.title = "Copy the address: it holds the whole set-up and the seed, so it gives the same numbers";
    this.#save.title = "Save the run folder as a zip; moiety report reads it";
    place.append(this.#main, this.#back, this.#renew, this.#save, this.#share, button("code", "Code", commands.code));
  }

  draw(): void {
    const { stage, together } = this.#notebook;
    const rests = stage === "paused" || stage === "finished";
    const label: Partial<Record<Stage, string>> = { running: "Pause", pausing: "Stop now", paused: "Resume" };
    const focused = [this.#main, this.#back, this.#renew].find((one) => one === document.activeElement);
    this.#main.textContent = label[stage] ?? "Start";
    this.#main.title = stage === "pausing" ? "Stops at once; what came after the last checkpoint is done again" : "";
    this.#main.disabled = ["opening", "refused"].includes(stage);
    this.#main.hidden = stage === "finished" || stage === "failed" || this.#second;
    this.#back.hidden = stage !== "pausing" || together !== undefined;
    this.#renew.hidden = (!rests && stage !== "failed") || this.#second;
    this.#renew.className = stage === "paused" ? "" : "primary";
    // a folder of half the clients would be nobody's run
    this.#save.hidden = !rests || together !== undefined;
    // whoever pressed a button that goes, goes on from the one that stands for it; by now a browser may say that nothing has the focus
    if (focused?.hidden) (this.#main.hidden ? this.#renew : this.#main).focus();
  }

  #act(): void {
    const { stage } = this.#notebook;
    if (stage === "ready") this.#commands.start();
    else if (stage === "running") this.#commands.pause();
    else if (stage === "pausing") this.#commands.halt();
    else if (stage === "paused") this.#commands.resume();
  }

  // the button itself says for a moment that it is done
  async #tell(button: HTMLButtonElement, work: Promise<void>, done: string): Promise<void> {
    const label = button.textContent;
    button.disabled = true;
    button.textContent = await work.then(
      () => done,
      () => "Not possible here",
    );
    setTimeout(() => {
      button.textContent = label;
      button.disabled = false;
    }, 1400);
  }
}

function button(id: string, label: string, onclick: () => void): HTMLButtonElement {
  return el("button", { type: "button", id, onclick }, label);
}
