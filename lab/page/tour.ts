// A tour of five stops through a story: says what is to be seen, and leads there. By keyboard it is one button, pressed again and again.
import { byId, el } from "./element.ts";
import { type Stop, type Story, stories, stops } from "./stories.ts";

export interface TourCommands {
  /** Sets a story up. */
  begin(story: Story): void;
  start(): void;
  /** Opens a client to be asked. */
  ask(): void;
}

const places: Readonly<Record<Stop, string>> = {
  setup: "setup",
  plane: "plane",
  clients: "people",
  gate: "trust",
  ask: "client",
};

const titles: Readonly<Record<Stop, string>> = {
  setup: "The set-up",
  plane: "The plane",
  clients: "The clients",
  gate: "The gate",
  ask: "A client, asked",
};

export class Tour {
  readonly #panel: HTMLElement;
  readonly #commands: TourCommands;
  readonly #title = el("h2", { id: "tour-title", tabindex: -1 });
  readonly #text = el("p", { "aria-live": "polite" });
  readonly #back = button("Back", () => this.#go(this.#at - 1));
  readonly #next = button("Next", () => this.#go(this.#at + 1), "primary");
  readonly #start = button("Start the run", () => this.#commands.start());
  #story: Story | undefined;
  #at = 0;
  #from: HTMLElement | undefined;

  /** @param panel is where it speaks */
  constructor(panel: HTMLElement, commands: TourCommands) {
    this.#panel = panel;
    this.#commands = commands;
    const close = button("End the tour", () => this.#close());
    panel.append(this.#title, this.#text, el("div", { class: "controls" }, this.#back, this.#next, this.#start, close));
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
    });
  }

  /** Puts a button for every story into a place. */
  offer(list: HTMLElement): void {
    list.append(
      el("h3", {}, "Stories"),
      el(
        "ul",
        { class: "stories" },
        ...stories.map((story) => {
          const about = `story-${story.name.replaceAll(/\W/g, "-")}`;
          const open: HTMLButtonElement = button(story.name, () => this.#open(story, open), "small");
          open.setAttribute("aria-describedby", about);
          return el("li", {}, open, el("span", { id: about }, story.about));
        }),
      ),
    );
  }

  #open(story: Story, from: HTMLElement): void {
    [this.#story, this.#from] = [story, from];
    this.#commands.begin(story);
    this.#panel.hidden = false;
    this.#go(0);
    this.#title.focus();
  }

  #go(to: number): void {
    const story = this.#story;
    if (!story) return;
    const stop = stops[to];
    if (!stop) return this.#close();
    this.#at = to;
    if (stop === "ask") this.#commands.ask();
    this.#title.textContent = `${story.name}, ${to + 1} of ${stops.length}: ${titles[stop]}`;
    this.#text.textContent = story.says[stop];
    this.#next.textContent = to === stops.length - 1 ? "Done" : "Next";
    this.#start.hidden = stop !== "setup";
    // a button that goes must not take the focus with it
    const wasBack = document.activeElement === this.#back;
    this.#back.hidden = to === 0;
    this.#mark(stop);
    if (wasBack && to === 0) this.#next.focus();
    else if (!this.#panel.contains(document.activeElement)) this.#next.focus();
  }

  #mark(stop: Stop | undefined): void {
    for (const one of document.querySelectorAll(".toured")) one.classList.remove("toured");
    if (!stop) return;
    const place = byId(places[stop]);
    if (place instanceof HTMLDetailsElement) place.open = true;
    place.classList.add("toured");
    place.scrollIntoView({ block: "start" });
  }

  #close(): void {
    this.#panel.hidden = true;
    this.#story = undefined;
    this.#mark(undefined);
    this.#from?.focus({ preventScroll: true });
  }
}

function button(label: string, onclick: () => void, kind = ""): HTMLButtonElement {
  return el("button", { type: "button", class: kind || undefined, onclick }, label);
}
