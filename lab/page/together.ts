// Two tabs as clients of one federation: the way to open the second, who waits for whom, and what has left this tab.
import type { Sent, Together } from "../messages.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import type { Notebook } from "./notebook.ts";

export interface TogetherPlaces {
  readonly card: HTMLElement;
  readonly place: HTMLElement;
  /** The state at every change that a reader waits for. */
  readonly announcement: HTMLElement;
}

// a table of all messages would be longer than anybody reads
const listed = 40;

/** Who waits for whom, in a sentence. */
export function standing({ part, at, running, own }: Together): string {
  const mine = own === 1 ? "the client of this tab trains" : `the ${own} clients of this tab train`;
  const other = part === "first" ? "second" : "first";
  switch (at) {
    case "calls":
      return "Looking for the first tab: it has to be open in this browser, with its invitation.";
    case "open":
      return running ? "The run waits for the second tab: open it." : "Waits for the second tab: open it.";
    case "here":
      return part === "first"
        ? "The second tab is here: start the run."
        : "Both tabs are here: waits for a start in the first.";
    case "both":
      return "Both tabs train.";
    case "own":
      return part === "first" ? `The second tab has answered; ${mine}.` : `Asked by the first tab: ${mine}.`;
    case "waits":
      return `This tab has answered, and waits for the ${other}.`;
    case "gone":
      if (part === "second") return "The first tab was closed, and the server with it.";
      return running
        ? "The second tab was closed: the run waits until it is open again, and goes on with the same numbers."
        : "The second tab was closed: open it again.";
    case "apart":
      return `The federation is over; ${mine} a specialist and a gate, which stay here.`;
    case "over":
      return "Done: the generalist is the same in both tabs, and what else was trained stays where it was.";
  }
}

export class TogetherView implements View {
  readonly every = 200;
  readonly #places: TogetherPlaces;
  readonly #notebook: Notebook;
  readonly #invite: HTMLButtonElement;
  readonly #state = el("p", { class: "state-line", id: "together-state" });
  readonly #link = el("p", { class: "what", hidden: true });
  readonly #sum = el("summary", {}, "What left this tab");
  readonly #rows = el("tbody");
  readonly #log: HTMLDetailsElement;
  #announced = "";
  #drawn = -1;

  /** @param invite opens the federation to a second tab, and that tab */
  constructor(places: TogetherPlaces, notebook: Notebook, invite: () => void) {
    [this.#places, this.#notebook] = [places, notebook];
    const act = (): void => {
      if (this.#open) invite();
    };
    this.#invite = el("button", { type: "button", id: "invite", onclick: act }, "Open a second tab as a client");
    const head = ["Client", "Round", "What", "Vectors", "Also", "Bytes"].map((name) =>
      el("th", { scope: "col" }, name),
    );
    const region = { class: "scroll", tabindex: 0, role: "region", "aria-label": "Messages that left this tab" };
    this.#log = el(
      "details",
      { class: "left-log", id: "left-log", hidden: true },
      this.#sum,
      el("div", region, el("table", {}, el("thead", {}, el("tr", {}, ...head)), this.#rows)),
    );
    places.place.append(this.#invite, this.#state, this.#link, this.#log);
  }

  draw(): void {
    const { together } = this.#notebook;
    this.#places.card.classList.toggle("on", together !== undefined);
    // whoever pressed it stays where the answer comes
    this.#invite.setAttribute("aria-disabled", String(!this.#open));
    this.#invite.hidden = together !== undefined && document.activeElement !== this.#invite;
    const text = together ? standing(together) : "";
    if (this.#state.textContent !== text) this.#state.textContent = text;
    this.#announce(text);
    this.#link.hidden = together?.part !== "first" || together.at === "over";
    if (together && !this.#link.hidden && this.#link.dataset["to"] !== together.id) {
      this.#link.dataset["to"] = together.id;
      const href = secondAddress(together.id);
      this.#link.replaceChildren("The second tab’s address, if it is to be opened again: ", el("a", { href, target: "_blank", id: "second-tab" }, "second tab")); // prettier-ignore
    }
    this.#list(this.#notebook.sent);
  }

  #list(sent: readonly Sent[]): void {
    this.#log.hidden = sent.length === 0;
    if (sent.length === this.#drawn) return;
    this.#drawn = sent.length;
    const bytes = sent.reduce((sum, one) => sum + one.bytes, 0);
    const first = this.#notebook.together?.part === "first";
    this.#sum.textContent =
      `What left this tab: ${sent.length.toLocaleString("en")} messages, ${(bytes / 2 ** 20).toFixed(1)} MiB, ` +
      `${first ? "models for the clients of the second tab" : "what the method sends"} and no row`;
    this.#rows.replaceChildren(
      ...sent
        .slice(-listed)
        .toReversed()
        .map(({ client, round, what, tensors, scalars, bytes }) =>
          el(
            "tr",
            {},
            el("td", {}, String(client)),
            el("td", {}, round > 0 ? String(round) : "–"),
            el("td", {}, what),
            el("td", {}, tensors.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ") || "none"),
            el("td", {}, scalars.join(", ") || "nothing"),
            el("td", {}, bytes.toLocaleString("en")),
          ),
        ),
    );
  }

  // a line that changes several times in a round would be read out without end
  #announce(text: string): void {
    const { together } = this.#notebook;
    const busy = together && ["both", "own", "waits"].includes(together.at);
    if (busy || text === this.#announced) return;
    this.#announced = this.#places.announcement.textContent = text;
  }

  get #open(): boolean {
    const { stage, together } = this.#notebook;
    return stage === "ready" && !together;
  }
}

/** The address of the second tab of a federation, with the set-up of this page. */
export function secondAddress(id: string): string {
  const url = new URL(location.href);
  url.searchParams.set("join", id);
  return url.href;
}

/** The federation that this page was opened to join. */
export function joinedBy(search: string): string | undefined {
  return new URLSearchParams(search).get("join") ?? undefined;
}
